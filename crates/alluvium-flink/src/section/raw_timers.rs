//! Timers of one key group that a task stored apart from its backend, because the backend does not have them.
//!
//! ```text
//! F1CD859F i32 2       versioned, and the version
//! i32                  number of services, each:
//!   utf                its name
//!   snapshot snapshot  serializers of keys and namespaces
//!   i32 timer*         in event time
//!   i32 timer*         in processing time
//! timer                key, namespace, i64 time
//! ```
//!
//! A serializer that is not known is taken to have no parameters; its values cannot be passed over, so nothing behind it
//! is read.

use std::io::Read;
use std::ops::Range;

use super::window::Window;
use crate::error::Result;
use crate::serializer::Serializer;

/// What the timers of a key group begin with.
pub(crate) const MAGIC: [u8; 4] = [0xF1, 0xCD, 0x85, 0x9F];
const VERSION: i32 = 2;

/// The timers of one key group.
pub(crate) struct RawTimers<R> {
    window: Window<R>,
    /// Services that were not read yet; `None` at the beginning.
    services: Option<usize>,
    service: Option<Service>,
    phase: Phase,
    left: usize,
}

/// A service of timers.
#[derive(Debug, Clone)]
pub(crate) struct Service {
    pub(crate) name: String,
    pub(crate) key: Serializer,
    pub(crate) namespace: Serializer,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    Service,
    EventTime,
    ProcessingTime,
}

/// What comes next.
pub(crate) enum Next<'w> {
    /// The timers of a service come.
    Service(&'w Service),
    /// A timer of the service that came last.
    Timer(Timer<'w>),
}

/// A timer.
pub(crate) struct Timer<'w> {
    pub(crate) is_event_time: bool,
    pub(crate) key: &'w [u8],
    pub(crate) namespace: &'w [u8],
    pub(crate) timestamp: i64,
    /// Where it begins.
    pub(crate) offset: u64,
}

impl<R: Read> RawTimers<R> {
    /// Of a stream that begins with the key group.
    pub(crate) const fn new(window: Window<R>) -> Self {
        Self {
            window,
            services: None,
            service: None,
            phase: Phase::Service,
            left: 0,
        }
    }

    /// The next service or timer; nothing after the last.
    ///
    /// # Errors
    /// `Corrupt` when it is none, `Incompatible` when keys or namespaces are of a serializer that is not known, `Unavailable`
    /// when it cannot be read.
    pub(crate) fn next(&mut self) -> Result<Option<Next<'_>>> {
        loop {
            if self.left > 0 {
                self.left -= 1;
                return self.timer().map(|timer| Some(Next::Timer(timer)));
            }
            self.phase = match (self.phase, &self.service) {
                (Phase::Service, Some(_)) => Phase::EventTime,
                (Phase::EventTime, _) => Phase::ProcessingTime,
                _ => {
                    if !self.begin_service()? {
                        return Ok(None);
                    }
                    self.phase = Phase::Service;
                    return Ok(self.service.as_ref().map(Next::Service));
                }
            };
            self.left = self.window.read(|cursor| {
                let start = cursor.clone();
                let count = cursor.i32("a number of timers")?;
                usize::try_from(count)
                    .map_err(|e| start.corrupt("a negative number of timers").with_source(e))
            })?;
        }
    }

    /// Reads what describes the next service, if there is one.
    fn begin_service(&mut self) -> Result<bool> {
        let left = match self.services {
            Some(left) => left,
            None => self.window.read(|cursor| {
                let start = cursor.clone();
                if cursor.array("the magic number of timers")? != MAGIC {
                    return Err(start.corrupt("timers do not begin with their magic number"));
                }
                let start = cursor.clone();
                let version = cursor.i32("the version of timers")?;
                if version != VERSION {
                    return Err(start.unknown(format!(
                        "timers of version {version}: {VERSION} is read, which Flink has written since 1.7"
                    )));
                }
                let start = cursor.clone();
                let count = cursor.i32("a number of services")?;
                usize::try_from(count)
                    .map_err(|e| start.corrupt("a negative number of services").with_source(e))
            })?,
        };
        let Some(left) = left.checked_sub(1) else {
            self.services = Some(0);
            return Ok(false);
        };
        self.services = Some(left);
        self.service = Some(self.window.read(|cursor| {
            Ok(Service {
                name: cursor.utf("the name of a service of timers")?,
                key: Serializer::read(cursor)?,
                namespace: Serializer::read(cursor)?,
            })
        })?);
        Ok(true)
    }

    fn timer(&mut self) -> Result<Timer<'_>> {
        let offset = self.window.offset();
        let service = self.service.as_ref();
        let ((key, namespace, timestamp), bytes) = self.window.lend(|cursor| {
            let start = cursor.left().len();
            let Some(service) = service else {
                return Err(cursor.corrupt("a timer of no service"));
            };
            service.key.skip(cursor)?;
            let key: Range<usize> = 0..start - cursor.left().len();
            service.namespace.skip(cursor)?;
            let namespace = key.end..start - cursor.left().len();
            Ok((key, namespace, cursor.i64("the time of a timer")?))
        })?;
        let bytes = &*bytes;
        Ok(Timer {
            is_event_time: self.phase == Phase::EventTime,
            key: bytes.get(key).unwrap_or_default(),
            namespace: bytes.get(namespace).unwrap_or_default(),
            timestamp,
            offset,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STRING: &[u8] =
        b"\0Korg.apache.flink.api.common.typeutils.base.StringSerializer$StringSerializerSnapshot\0\0\0\x03";
    const VOID: &[u8] =
        b"\0Oorg.apache.flink.runtime.state.VoidNamespaceSerializer$VoidNamespaceSerializerSnapshot\0\0\0\x03";

    fn snapshot(class: &[u8]) -> Vec<u8> {
        let name = class.get(2..class.len() - 4).unwrap();
        let mut bytes = u16::try_from(name.len()).unwrap().to_be_bytes().to_vec();
        bytes.extend_from_slice(name);
        bytes.extend([0, 0, 0, 3]);
        bytes
    }

    fn section() -> Vec<u8> {
        let mut bytes = b"\xF1\xCD\x85\x9F\0\0\0\x02\0\0\0\x01\0\x02ut".to_vec();
        bytes.extend(snapshot(STRING));
        bytes.extend(snapshot(VOID));
        bytes.extend(b"\0\0\0\x02\x02a\0\0\0\0\0\0\0\0\x07\x02b\0\0\0\0\0\0\0\0\x08");
        bytes.extend(b"\0\0\0\x01\x02c\0\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF");
        bytes
    }

    fn read(bytes: &[u8]) -> Result<Vec<(bool, Vec<u8>, i64)>> {
        let mut timers = RawTimers::new(Window::new(bytes, "f".into(), 0));
        let mut read = Vec::new();
        while let Some(next) = timers.next()? {
            match next {
                Next::Service(service) => assert_eq!(service.name, "ut"),
                Next::Timer(timer) => {
                    assert_eq!(timer.namespace, [0]);
                    read.push((timer.is_event_time, timer.key.to_vec(), timer.timestamp));
                }
            }
        }
        Ok(read)
    }

    #[test]
    fn timers_come_by_service_and_kind_of_time() {
        let timers = read(&section()).unwrap();

        assert_eq!(
            timers,
            [
                (true, b"\x02a".to_vec(), 7),
                (true, b"\x02b".to_vec(), 8),
                (false, b"\x02c".to_vec(), -1),
            ]
        );
    }

    #[test]
    fn timers_that_end_too_early_are_damaged_wherever_they_end() {
        let whole = section();
        for length in 0..whole.len() {
            let (part, _) = whole.split_at(length);
            assert!(read(part).is_err(), "{length}");
        }
    }
}

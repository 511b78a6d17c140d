//! A file of events: generated once, read by every run.
//!
//! Each event has its length in front (u32, big-endian) and is encoded as values of states are.

use std::fs::File;
use std::io::{BufReader, BufWriter, Read as _, Write as _};
use std::path::{Path, PathBuf};

use alluvium::codec::{Codec as _, Postcard};
use anyhow::{Context as _, Result};
use nexmark::EventGenerator;
use nexmark::event::Event;

use super::{config, millis};
use crate::workload::input::Input;

/// Where the events of a run are.
#[derive(Debug, Clone)]
pub(crate) struct EventsFile {
    path: PathBuf,
    events: u64,
    last: i64,
}

impl EventsFile {
    /// Generates `events` events into a file of `directory`.
    pub(crate) fn generate(directory: &Path, events: u64) -> Result<Self> {
        let path = directory.join("nexmark-events");
        let mut file = BufWriter::new(File::create(&path).context("create the file of events")?);
        let (mut bytes, mut last) = (Vec::new(), 0);
        let count = usize::try_from(events)?;
        for event in EventGenerator::new(config(events)).take(count) {
            bytes.clear();
            Postcard::encode(&event, &mut bytes)?;
            file.write_all(&u32::try_from(bytes.len())?.to_be_bytes())?;
            file.write_all(&bytes)?;
            last = millis(event.timestamp());
        }
        file.flush().context("write the file of events")?;
        Ok(Self { path, events, last })
    }

    /// Reads it from the beginning.
    pub(crate) fn open(&self) -> Result<Events> {
        let file = File::open(&self.path).context("open the file of events")?;
        let mut events = Events {
            file: BufReader::with_capacity(1 << 18, file),
            left: self.events,
            last: self.last,
            next: None,
            bytes: Vec::new(),
        };
        events.next = events.read_one()?;
        Ok(events)
    }
}

/// The events of a file.
#[derive(Debug)]
pub(crate) struct Events {
    file: BufReader<File>,
    /// Events that were not read from the file.
    left: u64,
    last: i64,
    /// The event that comes next: the watermark is right before it.
    next: Option<Event>,
    bytes: Vec<u8>,
}

impl Events {
    /// The next event.
    pub(crate) fn take(&mut self) -> Result<Option<Event>> {
        let after = self.read_one()?;
        Ok(std::mem::replace(&mut self.next, after))
    }

    fn read_one(&mut self) -> Result<Option<Event>> {
        if self.left == 0 {
            return Ok(None);
        }
        self.left -= 1;
        let mut length = [0; 4];
        self.file.read_exact(&mut length)?;
        self.bytes.resize(u32::from_be_bytes(length) as usize, 0);
        self.file.read_exact(&mut self.bytes)?;
        Ok(Some(Postcard::decode(&self.bytes)?))
    }
}

impl Input for Events {
    type Event = Event;

    fn read(&mut self, events: &mut Vec<Event>, most: usize) -> Result<()> {
        events.clear();
        while events.len() < most {
            match self.take()? {
                Some(event) => events.push(event),
                None => break,
            }
        }
        Ok(())
    }

    fn watermark(&self) -> i64 {
        // Events of one time may follow each other.
        let next = self.next.as_ref();
        next.map_or(self.last, |event| millis(event.timestamp()) - 1)
    }

    fn last(&self) -> i64 {
        self.last
    }
}

//! A part of a source as a stream, decompressed if it is compressed.

use std::io::Read;

use snap::read::FrameDecoder;

use crate::files::Source;

/// Bytes `at..end` of a source.
#[derive(Debug)]
pub(crate) struct Span<'s> {
    source: &'s Source,
    at: u64,
    end: u64,
}

/// A section as it was before it was stored.
pub(crate) enum Stored<'s> {
    Plain(Span<'s>),
    /// In Snappy's framing format; its blocks' checksums are compared.
    Snappy(Box<FrameDecoder<Span<'s>>>),
}

impl<'s> Span<'s> {
    /// From `start` to `end`, or to the source's end if that comes first.
    pub(crate) const fn new(source: &'s Source, start: u64, end: u64) -> Self {
        Self {
            source,
            at: start,
            end,
        }
    }

    pub(crate) fn stored(self, is_compressed: bool) -> Stored<'s> {
        if is_compressed {
            Stored::Snappy(Box::new(FrameDecoder::new(self)))
        } else {
            Stored::Plain(self)
        }
    }
}

impl Read for Span<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let left = usize::try_from(self.end.saturating_sub(self.at)).unwrap_or(usize::MAX);
        let wanted = left.min(buffer.len());
        let buffer = buffer.get_mut(..wanted).unwrap_or_default();
        let read = self.source.read_at(self.at, buffer);
        let read = read.map_err(std::io::Error::other)?;
        self.at += read as u64;
        Ok(read)
    }
}

impl Read for Stored<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        match self {
            Self::Plain(span) => span.read(buffer),
            Self::Snappy(decoder) => decoder.read(buffer),
        }
    }
}

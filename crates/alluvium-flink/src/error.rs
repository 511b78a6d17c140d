//! What can go wrong with Flink's files: what to do about it, and where in which file.

use std::borrow::Cow;
use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;

pub use alluvium::ErrorKind;

/// The result of this crate's functions.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// An error of this crate: its kind, the file and the byte it is about, one line, and a cause.
///
/// Kinds are used as follows: `Corrupt` for bytes that are not what the format has there, `Incompatible` for what Flink may
/// write and this crate does not know (a version, a code, a serializer), `Invalid` for a call or option that is wrong,
/// `Unavailable` for files that are not there or cannot be read.
pub struct Error {
    kind: ErrorKind,
    message: Cow<'static, str>,
    place: Option<Place>,
    short: bool,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

/// Where in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Place {
    file: Arc<str>,
    offset: u64,
}

impl Error {
    /// An error without a place and a cause.
    #[must_use]
    pub fn new(kind: ErrorKind, message: impl Into<Cow<'static, str>>) -> Self {
        Self {
            kind,
            message: message.into(),
            place: None,
            short: false,
            source: None,
        }
    }

    /// Shorthand for [`ErrorKind::Invalid`].
    #[must_use]
    pub fn invalid(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorKind::Invalid, message)
    }

    /// Shorthand for [`ErrorKind::Corrupt`].
    #[must_use]
    pub fn corrupt(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorKind::Corrupt, message)
    }

    /// Shorthand for [`ErrorKind::Incompatible`]: something that Flink may write and this crate does not know.
    #[must_use]
    pub fn unknown(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorKind::Incompatible, message)
    }

    /// An error of a file operation.
    #[must_use]
    pub fn io(operation: impl fmt::Display, source: std::io::Error) -> Self {
        Self::new(ErrorKind::Unavailable, operation.to_string()).with_source(source)
    }

    /// The same error with the file and the byte it is about, unless it names one already: the innermost one is nearest.
    #[must_use]
    pub fn at(mut self, file: &Arc<str>, offset: u64) -> Self {
        if self.place.is_none() {
            let file = Arc::clone(file);
            self.place = Some(Place { file, offset });
        }
        self
    }

    /// The same error with its cause.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// This error as the cause of one that says more, of the same kind.
    #[must_use]
    pub fn context(self, message: impl Into<Cow<'static, str>>) -> Self {
        Self {
            short: self.short,
            ..Self::new(self.kind, message).with_source(self)
        }
    }

    /// The same error, of bytes that ended too early: more of them could make it go away.
    #[must_use]
    pub(crate) const fn short(mut self) -> Self {
        self.short = true;
        self
    }

    /// Whether bytes ended too early, so that whoever holds a part of a file may try again with more of it.
    #[must_use]
    pub(crate) const fn is_short(&self) -> bool {
        self.short
    }

    /// What the caller can do about it.
    #[must_use]
    pub const fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// The file it is about, as far as it is about one.
    #[must_use]
    pub fn file(&self) -> Option<&str> {
        self.place.as_ref().map(|place| place.file.as_ref())
    }

    /// The byte of [`Self::file`] where it was noticed.
    #[must_use]
    pub fn offset(&self) -> Option<u64> {
        self.place.as_ref().map(|place| place.offset)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(Place { file, offset }) = &self.place {
            write!(f, "{file}, byte {offset}: ")?;
        }
        f.write_str(&self.message)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {self}", self.kind)?;
        let mut cause = self.source();
        while let Some(source) = cause {
            write!(f, ": {source}")?;
            cause = source.source();
        }
        Ok(())
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source
            .as_ref()
            .map(|source| &**source as &(dyn StdError + 'static))
    }
}

impl From<alluvium::Error> for Error {
    fn from(error: alluvium::Error) -> Self {
        Self::new(error.kind(), error.to_string()).with_source(error)
    }
}

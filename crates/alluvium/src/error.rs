//! What can go wrong, sorted by what the caller can do about it.
//!
//! One public type for the crate. A message is this layer's line only; the cause is `source()`.

use std::borrow::Cow;
use std::error::Error as StdError;
use std::fmt;

/// What a caller can do about an [`Error`]. Branch on this, never on the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The call, option or descriptor is wrong: correct it.
    Invalid,
    /// Stored bytes are damaged: restore from another checkpoint or copy.
    Corrupt,
    /// A device, file or object store did not serve the request: try again later.
    Unavailable,
    /// Storage did not say whether it applied a change: read back before trying again.
    Indeterminate,
    /// A newer attempt of the job has taken over: stop.
    Fenced,
    /// The stored state does not fit what the program declares: migrate, or declare what was stored.
    Incompatible,
    /// The operation was cancelled by its owner.
    Cancelled,
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Invalid => "invalid",
            Self::Corrupt => "corrupt",
            Self::Unavailable => "unavailable",
            Self::Indeterminate => "indeterminate",
            Self::Fenced => "fenced",
            Self::Incompatible => "incompatible",
            Self::Cancelled => "cancelled",
        })
    }
}

/// An error of this crate: a kind, one line that names the operation and its object, and a cause.
pub struct Error {
    kind: ErrorKind,
    message: Cow<'static, str>,
    lasting: bool,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

impl Error {
    /// An error without a deeper cause.
    #[must_use]
    pub fn new(kind: ErrorKind, message: impl Into<Cow<'static, str>>) -> Self {
        Self {
            kind,
            message: message.into(),
            lasting: false,
            source: None,
        }
    }

    /// The same error, of a cause that does not pass by itself: an object that does not exist, access that is denied,
    /// a full disk. Transfers that fail so are not tried again.
    #[must_use]
    pub const fn lasting(mut self) -> Self {
        self.lasting = true;
        self
    }

    /// Whether its cause is known not to pass by itself.
    #[must_use]
    pub const fn is_lasting(&self) -> bool {
        self.lasting
    }

    /// The same error with its cause.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// An error of a file operation: not found and the like are `Unavailable`. It is [lasting](Self::lasting) unless
    /// the system said that it was interrupted or busy: disks do not recover within seconds.
    #[must_use]
    pub fn io(operation: impl fmt::Display, source: std::io::Error) -> Self {
        use std::io::ErrorKind as Io;
        let passes = matches!(
            source.kind(),
            Io::Interrupted | Io::WouldBlock | Io::TimedOut | Io::ResourceBusy
        );
        Self {
            lasting: !passes,
            ..Self::new(ErrorKind::Unavailable, operation.to_string()).with_source(source)
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

    /// Shorthand for [`ErrorKind::Cancelled`].
    #[must_use]
    pub fn cancelled(operation: impl fmt::Display) -> Self {
        Self::new(ErrorKind::Cancelled, format!("{operation} was cancelled"))
    }

    /// What the caller can do about it.
    #[must_use]
    pub const fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// This error as the cause of one that says more, of the same kind.
    #[must_use]
    pub fn context(self, message: impl Into<Cow<'static, str>>) -> Self {
        let (kind, lasting) = (self.kind, self.lasting);
        Self {
            lasting,
            ..Self::new(kind, message).with_source(self)
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.kind, self.message)?;
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
            .as_deref()
            .map(|source| source as &(dyn StdError + 'static))
    }
}

impl From<alluvium_protocol::Error> for Error {
    fn from(error: alluvium_protocol::Error) -> Self {
        use alluvium_protocol::ErrorKind as Kind;
        let kind = match error.kind() {
            Kind::Invalid => ErrorKind::Invalid,
            Kind::Corrupt => ErrorKind::Corrupt,
            Kind::Incompatible => ErrorKind::Incompatible,
            Kind::Fenced => ErrorKind::Fenced,
        };
        Self::new(kind, error.to_string())
    }
}

/// Result of this crate's fallible calls.
pub type Result<T, E = Error> = std::result::Result<T, E>;

//! What serde is told when a value and Flink's bytes do not fit.

use std::fmt::{self, Display};

/// Why a value has no bytes, or bytes are no value.
#[derive(Debug)]
pub(super) enum Failure {
    /// In words.
    Told(String),
    /// What the bytes are not, and where.
    Bytes(crate::Error),
}

impl Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Told(message) => f.write_str(message),
            Self::Bytes(error) => Display::fmt(error, f),
        }
    }
}

impl std::error::Error for Failure {}

impl From<crate::Error> for Failure {
    fn from(error: crate::Error) -> Self {
        Self::Bytes(error)
    }
}

impl serde::ser::Error for Failure {
    fn custom<T: Display>(message: T) -> Self {
        Self::Told(message.to_string())
    }
}

impl serde::de::Error for Failure {
    fn custom<T: Display>(message: T) -> Self {
        Self::Told(message.to_string())
    }
}

/// A type that Java does not have.
#[cold]
pub(super) fn none_in_java(what: &str, instead: &str) -> Failure {
    Failure::Told(format!("Flink has no {what}: declare {instead}"))
}

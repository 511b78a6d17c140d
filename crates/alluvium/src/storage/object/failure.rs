//! Failures of object stores, told in this crate's kinds and without secrets.
//!
//! The cause is kept as text: the object store's own error type moves with its major version, and
//! its text can quote a request. Every secret that was handed to the store is blotted out of it.

use std::fmt;

use object_store::Error as StoreError;

use crate::error::{Error, ErrorKind};

/// Secrets of one storage, blotted out of every text that leaves it.
#[derive(Clone, Default)]
pub(super) struct Secrets(Vec<String>);

/// Shorter values are not blotted out: they would turn up everywhere in innocent text.
const SECRET_LENGTH_MIN: usize = 6;

impl Secrets {
    /// Picks the secrets among options by their names.
    pub(super) fn among(options: &[(String, String)]) -> Self {
        let telling = ["secret", "key", "token", "password", "sas"];
        // Where a secret is kept is none, and people need to read it.
        let places = ["_file", "_path", "_uri", "_url", "_endpoint"];
        let secret = |name: &str| {
            let name = name.to_ascii_lowercase();
            telling.iter().any(|word| name.contains(word))
                && !places.iter().any(|place| name.ends_with(place))
        };
        let values = options.iter().filter(|(name, _)| secret(name));
        Self(
            values
                .map(|(_, value)| value.clone())
                .filter(|value| value.len() >= SECRET_LENGTH_MIN)
                .collect(),
        )
    }

    /// `text` with every secret replaced.
    pub(super) fn blot(&self, text: &str) -> String {
        self.0.iter().fold(text.to_owned(), |text, secret| {
            text.replace(secret.as_str(), "***")
        })
    }
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Secrets({})", self.0.len())
    }
}

/// The error of a call that either did not change anything, or may be made again.
pub(super) fn failed(operation: String, cause: &StoreError, secrets: &Secrets) -> Error {
    let (kind, remedy) = match cause {
        StoreError::NotFound { .. } => (ErrorKind::Unavailable, "no such object or bucket"),
        StoreError::PermissionDenied { .. } | StoreError::Unauthenticated { .. } => (
            ErrorKind::Unavailable,
            "access denied: check the credentials and their rights",
        ),
        StoreError::NotImplemented { .. } | StoreError::NotSupported { .. } => (
            ErrorKind::Invalid,
            "this storage cannot do that: choose another kind",
        ),
        StoreError::InvalidPath { .. } | StoreError::UnknownConfigurationKey { .. } => {
            (ErrorKind::Invalid, "")
        }
        _ => (ErrorKind::Unavailable, ""),
    };
    let message = if remedy.is_empty() {
        operation
    } else {
        format!("{operation}: {remedy}")
    };
    let error = Error::new(kind, message).with_source(Cause::of(cause, secrets));
    // What has a remedy needs somebody to apply it.
    if remedy.is_empty() {
        error
    } else {
        error.lasting()
    }
}

/// The error of a conditional write: `Indeterminate` unless the answer proves that nothing happened.
pub(super) fn unsettled(operation: String, cause: &StoreError, secrets: &Secrets) -> Error {
    match cause {
        StoreError::NotFound { .. }
        | StoreError::PermissionDenied { .. }
        | StoreError::Unauthenticated { .. }
        | StoreError::NotImplemented { .. }
        | StoreError::NotSupported { .. }
        | StoreError::InvalidPath { .. }
        | StoreError::UnknownConfigurationKey { .. } => failed(operation, cause, secrets),
        _ => Error::new(ErrorKind::Indeterminate, operation).with_source(Cause::of(cause, secrets)),
    }
}

/// The text of an object store's error.
#[derive(Debug)]
struct Cause(String);

impl Cause {
    fn of(error: &StoreError, secrets: &Secrets) -> Self {
        Self(secrets.blot(&error.to_string()))
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Cause {}

#[cfg(test)]
mod tests {
    use super::*;

    fn generic(text: &str) -> StoreError {
        StoreError::Generic {
            store: "S3",
            source: text.to_owned().into(),
        }
    }

    #[test]
    fn secrets_are_blotted_out_of_causes() {
        let options = [
            (
                "AWS_SECRET_ACCESS_KEY".to_owned(),
                "hunter2hunter2".to_owned(),
            ),
            ("AWS_REGION".to_owned(), "eu-central-1".to_owned()),
        ];

        let secrets = Secrets::among(&options);
        let error = failed(
            "put x".to_owned(),
            &generic("hunter2hunter2 in eu-central-1"),
            &secrets,
        );

        assert_eq!(
            format!("{error:?}"),
            "unavailable: put x: Generic S3 error: *** in eu-central-1"
        );
        assert!(!format!("{secrets:?}").contains("hunter2"));
    }

    #[test]
    fn a_conditional_write_is_settled_only_by_an_answer_that_proves_it() {
        let secrets = Secrets::default();
        let denied = StoreError::PermissionDenied {
            path: "x".to_owned(),
            source: "403".to_owned().into(),
        };

        let unknown = unsettled("put x".to_owned(), &generic("timeout"), &secrets);
        let known = unsettled("put x".to_owned(), &denied, &secrets);

        assert_eq!(unknown.kind(), ErrorKind::Indeterminate);
        assert_eq!(known.kind(), ErrorKind::Unavailable);
    }
}

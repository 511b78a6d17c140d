//! How the command ends: exit codes, and which error leads to which.
//!
//! The codes are an interface (scripts branch on them); `docs/cli.md` lists them.

use std::fmt;
use std::process::ExitCode;

use alluvium::ErrorKind;

/// The part of `--help` that tells the codes.
pub(crate) const HELP: &str = "\
Exit codes:
  0   done, and all is well
  1   a problem was found: damaged objects, a difference, a malformed row with --strict
  2   the command line or a value in it is wrong; nothing was done
  3   a file or an object store could not be reached; try again later
  4   the state does not fit: another job, another version, another type, a newer attempt
  70  a defect of this program
  130 interrupted; what was begun is taken back";

/// How the command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// All is well.
    Done,
    /// What was examined is not as it should be.
    Problem,
    /// The command line is wrong.
    Usage,
    /// Storage could not be reached.
    Unreachable,
    /// The state belongs to another job, version or type.
    Incompatible,
    /// A defect of this program.
    Internal,
    /// Ctrl-C.
    Interrupted,
}

impl Exit {
    /// The number that the process returns.
    pub(crate) const fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Problem => 1,
            Self::Usage => 2,
            Self::Unreachable => 3,
            Self::Incompatible => 4,
            Self::Internal => 70,
            Self::Interrupted => 130,
        }
    }

    /// The end that a process's exit status stands for; unknown codes are defects.
    pub(crate) fn from_code(code: Option<i32>) -> Self {
        let known = [
            Self::Done,
            Self::Problem,
            Self::Usage,
            Self::Unreachable,
            Self::Incompatible,
        ];
        let same = |exit: &Self| code == Some(i32::from(exit.code()));
        known.into_iter().find(same).unwrap_or(Self::Internal)
    }

    /// The end that an error leads to: the outermost cause that says so decides.
    pub(crate) fn of(error: &anyhow::Error) -> Self {
        for cause in error.chain() {
            if let Some(failure) = cause.downcast_ref::<Failure>() {
                return failure.exit;
            }
            if let Some(error) = cause.downcast_ref::<alluvium::Error>() {
                return Self::of_kind(error.kind());
            }
            if let Some(error) = cause.downcast_ref::<alluvium_protocol::Error>() {
                return Self::of_protocol_kind(error.kind());
            }
            if let Some(error) = cause.downcast_ref::<alluvium_flink::Error>() {
                return Self::of_kind(error.kind());
            }
            if cause.is::<std::io::Error>() {
                return Self::Unreachable;
            }
        }
        Self::Internal
    }

    fn of_kind(kind: ErrorKind) -> Self {
        match kind {
            ErrorKind::Invalid => Self::Usage,
            ErrorKind::Corrupt => Self::Problem,
            ErrorKind::Unavailable | ErrorKind::Indeterminate => Self::Unreachable,
            ErrorKind::Incompatible | ErrorKind::Fenced => Self::Incompatible,
            ErrorKind::Cancelled => Self::Interrupted,
            _ => Self::Internal,
        }
    }

    fn of_protocol_kind(kind: alluvium_protocol::ErrorKind) -> Self {
        use alluvium_protocol::ErrorKind as Kind;
        match kind {
            Kind::Invalid => Self::Usage,
            Kind::Corrupt => Self::Problem,
            Kind::Incompatible | Kind::Fenced => Self::Incompatible,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

/// An error that knows how the command ends because of it.
#[derive(Debug)]
pub(crate) struct Failure {
    exit: Exit,
    message: String,
}

impl Failure {
    /// A failure that ends the command with `exit`.
    pub(crate) fn ending(exit: Exit, message: impl Into<String>) -> anyhow::Error {
        anyhow::Error::new(Self {
            exit,
            message: message.into(),
        })
    }

    /// A wrong command line or value in it.
    pub(crate) fn usage(message: impl Into<String>) -> anyhow::Error {
        Self::ending(Exit::Usage, message)
    }

    /// Something examined is not as it should be.
    pub(crate) fn problem(message: impl Into<String>) -> anyhow::Error {
        Self::ending(Exit::Problem, message)
    }

    /// State that does not fit.
    pub(crate) fn incompatible(message: impl Into<String>) -> anyhow::Error {
        Self::ending(Exit::Incompatible, message)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Failure {}

#[cfg(test)]
mod tests {
    use anyhow::Context as _;

    use super::*;

    #[test]
    fn the_outermost_cause_that_knows_decides() {
        let storage = alluvium::Error::new(ErrorKind::Unavailable, "get x");
        let wrapped = Err::<(), _>(storage)
            .context("read the log")
            .expect_err("it is an error");
        assert_eq!(Exit::of(&wrapped), Exit::Unreachable);

        let damaged = alluvium::Error::corrupt("x is truncated");
        assert_eq!(Exit::of(&damaged.into()), Exit::Problem);

        assert_eq!(Exit::of(&Failure::usage("no")), Exit::Usage);
        assert_eq!(Exit::of(&anyhow::anyhow!("what is this")), Exit::Internal);
    }

    #[test]
    fn codes_survive_the_way_through_a_child_process() {
        for exit in [
            Exit::Done,
            Exit::Problem,
            Exit::Usage,
            Exit::Unreachable,
            Exit::Incompatible,
        ] {
            assert_eq!(Exit::from_code(Some(i32::from(exit.code()))), exit);
        }
        assert_eq!(Exit::from_code(None), Exit::Internal);
    }
}

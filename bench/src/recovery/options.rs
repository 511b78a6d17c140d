//! The command line of recovery.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use clap::ValueEnum;

/// How long a restored job takes to its first successful read.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Who is measured.
    #[arg(long, default_value = "alluvium")]
    pub(crate) subject: String,
    /// Sizes of the state, in rows.
    #[arg(long, value_delimiter = ',', default_value = "1000000")]
    pub(crate) rows: Vec<u32>,
    /// Parallelisms that the job goes through, such as 2-1; the last step is measured. With one between, such as
    /// 1-2-1, the job was rescaled a moment before.
    #[arg(long, value_delimiter = ',', default_value = "1-1,1-2,2-1,2-3,3-2")]
    pub(crate) shapes: Vec<Shape>,
    /// Where the files are that are restored.
    #[arg(
        long,
        value_enum,
        value_delimiter = ',',
        default_value = "local,remote"
    )]
    pub(crate) origins: Vec<Origin>,
    /// Restores of each subtask from local files.
    #[arg(long, default_value_t = 5)]
    pub(crate) rounds: u32,
    /// Restores of each subtask from storage, which move all bytes. As many as from local files if it is not said.
    #[arg(long)]
    pub(crate) remote_rounds: Option<u32>,
    /// Drops the page cache's copy of all files before each restore.
    #[arg(long)]
    pub(crate) cold: bool,
    /// What is not done. Without the comparison of contents records are not verified.
    #[arg(long, value_enum, value_delimiter = ',')]
    pub(crate) leave_out: Vec<Step>,
    /// Memory for rows, in bytes; of the job that is built, of all subtasks together.
    #[arg(long, default_value_t = 512 << 20)]
    pub(crate) budget_bytes: usize,
    /// Where files go.
    #[arg(long)]
    pub(crate) directory: PathBuf,
}

impl Arguments {
    pub(crate) fn does(&self, step: Step) -> bool {
        !self.leave_out.contains(&step)
    }
}

/// What takes long beside the restores.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Step {
    /// The restores row by row.
    RowByRow,
    /// The comparison of contents and the first checkpoint after a restore.
    Contents,
}

/// Where the files of a checkpoint are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Origin {
    /// Local copies on the same file system.
    Local,
    /// The storage's directory only.
    Remote,
}

impl Origin {
    /// The word for it.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Local => "local",
            Self::Remote => "remote",
        }
    }
}

/// The parallelisms that a job goes through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Shape {
    /// Of the job that was never rescaled.
    pub(crate) built: u32,
    /// Of the job between, which was rescaled a moment ago.
    pub(crate) between: Option<u32>,
    /// Of the job that is restored and measured.
    pub(crate) target: u32,
}

impl FromStr for Shape {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let steps = text.split('-').map(str::parse);
        let steps: Result<Vec<u32>, _> = steps.collect();
        match steps.as_deref() {
            Ok(&[built, target]) => Ok(Self {
                built,
                between: None,
                target,
            }),
            Ok(&[built, between, target]) => Ok(Self {
                built,
                between: Some(between),
                target,
            }),
            _ => Err("name two or three parallelisms, such as 2-1 or 1-2-1".to_owned()),
        }
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.built)?;
        if let Some(between) = self.between {
            write!(f, "-{between}")?;
        }
        write!(f, "-{}", self.target)
    }
}

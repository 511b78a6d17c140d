//! A count in four versions of its type, as a program has them that is changed while its job lives.
//!
//! Every upgrade is counted in the value, so that one that is left out or done twice shows. What the newest version makes of a
//! value is told here in closed form, and not with the functions that the backend calls.

use std::fmt::Debug;

use alluvium::Result;
use alluvium::codec::{Codec, Evolving, First, MsgPackNamed, Postcard, Versioned};
use serde::{Deserialize, Serialize};

use crate::oracle::Counted;

/// The newest version.
pub(crate) const NEWEST: u32 = Latest::VERSION;

/// One version of the type.
pub(crate) trait Version: Evolving + Debug + Copy {
    /// A codec that would misread values of another version.
    type Positional: Codec<Self>;
    /// A codec that names fields.
    type Named: Codec<Self>;

    /// A value that is written by a program of this version.
    fn written(count: u16) -> Self;

    /// The same value, with more counted.
    fn plus(self, more: i64) -> Self;

    /// What the newest version makes of it.
    fn newest(self) -> Counted;
}

/// Version 1: the count alone.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) struct Bare(u32);

/// Version 2: a wider count, and the upgrades that it went through.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) struct Stepped {
    steps: u8,
    count: u64,
}

/// Version 3: fields in another order, and a sign.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) struct Signed {
    count: i64,
    steps: u8,
}

/// Version 4: what never was of an earlier version has no steps.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) enum Latest {
    Upgraded { steps: u8, count: i64 },
    Written { count: i64 },
}

impl Evolving for Bare {
    const VERSION: u32 = 1;
    type Before = First;

    fn upgrade(before: First) -> Result<Self> {
        match before {}
    }
}

impl Evolving for Stepped {
    const VERSION: u32 = 2;
    type Before = Bare;

    fn upgrade(Bare(count): Bare) -> Result<Self> {
        let count = count.into();
        Ok(Self { steps: 1, count })
    }
}

impl Evolving for Signed {
    const VERSION: u32 = 3;
    type Before = Stepped;

    fn upgrade(Stepped { steps, count }: Stepped) -> Result<Self> {
        Ok(Self {
            count: count.cast_signed(),
            steps: steps + 1,
        })
    }
}

impl Evolving for Latest {
    const VERSION: u32 = 4;
    type Before = Signed;

    fn upgrade(Signed { count, steps }: Signed) -> Result<Self> {
        Ok(Self::Upgraded {
            steps: steps + 1,
            count,
        })
    }
}

impl Version for Bare {
    type Positional = Versioned<Postcard>;
    type Named = Versioned<MsgPackNamed>;

    fn written(count: u16) -> Self {
        Self(count.into())
    }

    fn plus(self, more: i64) -> Self {
        Self(self.0.wrapping_add_signed(i32::try_from(more).unwrap_or(0)))
    }

    fn newest(self) -> Counted {
        Counted {
            count: self.0.into(),
            steps: 3,
        }
    }
}

impl Version for Stepped {
    type Positional = Versioned<Postcard>;
    type Named = Versioned<MsgPackNamed>;

    fn written(count: u16) -> Self {
        let count = count.into();
        Self { steps: 0, count }
    }

    fn plus(self, more: i64) -> Self {
        let count = self.count.wrapping_add_signed(more);
        Self { count, ..self }
    }

    fn newest(self) -> Counted {
        Counted {
            count: self.count.cast_signed(),
            steps: self.steps + 2,
        }
    }
}

impl Version for Signed {
    type Positional = Versioned<Postcard>;
    type Named = Versioned<MsgPackNamed>;

    fn written(count: u16) -> Self {
        let count = count.into();
        Self { count, steps: 0 }
    }

    fn plus(self, more: i64) -> Self {
        let count = self.count + more;
        Self { count, ..self }
    }

    fn newest(self) -> Counted {
        Counted {
            count: self.count,
            steps: self.steps + 1,
        }
    }
}

impl Version for Latest {
    type Positional = Versioned<Postcard>;
    type Named = Versioned<MsgPackNamed>;

    fn written(count: u16) -> Self {
        let count = count.into();
        Self::Written { count }
    }

    fn plus(mut self, more: i64) -> Self {
        let (Self::Upgraded { count, .. } | Self::Written { count }) = &mut self;
        *count += more;
        self
    }

    fn newest(self) -> Counted {
        match self {
            Self::Upgraded { steps, count } => Counted { count, steps },
            Self::Written { count } => Counted { count, steps: 0 },
        }
    }
}

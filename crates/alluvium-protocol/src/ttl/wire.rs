//! How a TTL is stored: see the specification in [`ttl`](crate::ttl).

use crate::error::{Error, Result};
use crate::ttl::{Expired, Refresh, TimeDomain, Ttl};

#[derive(Clone, Copy, PartialEq, prost::Message)]
pub(crate) struct TtlWire {
    #[prost(uint64, tag = "1")]
    millis: u64,
    #[prost(uint32, tag = "2")]
    refresh: u32,
    #[prost(uint32, tag = "3")]
    visibility: u32,
    #[prost(uint32, tag = "4")]
    time: u32,
}

impl TtlWire {
    pub(crate) fn of(ttl: &Ttl) -> Self {
        Self {
            millis: ttl.millis,
            refresh: u32::from(ttl.refresh as u8),
            visibility: u32::from(ttl.expired as u8),
            time: u32::from(ttl.time as u8),
        }
    }

    pub(crate) fn parse(self, what: &str) -> Result<Ttl> {
        let unknown = |field: &str, tag: u32| {
            Error::corrupt(format!("{what}: its TTL has an unknown {field} ({tag})"))
        };
        Ok(Ttl {
            millis: self.millis,
            refresh: match self.refresh {
                1 => Refresh::OnWrite,
                2 => Refresh::OnReadAndWrite,
                tag => return Err(unknown("refresh", tag)),
            },
            expired: match self.visibility {
                1 => Expired::NeverSeen,
                2 => Expired::SeenUntilCleaned,
                tag => return Err(unknown("visibility", tag)),
            },
            time: match self.time {
                1 => TimeDomain::Processing,
                2 => TimeDomain::Event,
                tag => return Err(unknown("time", tag)),
            },
        })
    }
}

//! One state's entry for one key and namespace: the bytes level, the address and the scratch buffers.
//!
//! Invariant: a handle of another backend touches nothing. Errors that come from codecs name the state here,
//! because codecs know types only.

use alluvium_protocol::key::EncodeKey;
use alluvium_protocol::key_group::KeyGroup;

use super::Registered;
use super::entries::Entries;
use crate::bytes::elements::Elements;
use crate::bytes::{Address, BytesBackend};
use crate::codec::Codec;
use crate::error::{Error, Result};

/// Buffers that encoded values pass through, kept so that no access allocates.
#[derive(Debug, Default)]
pub(crate) struct Scratch {
    pub(crate) value: Vec<u8>,
    pub(crate) map_key: Vec<u8>,
    pub(crate) elements: Elements,
    pub(crate) entries: Entries,
}

/// One state's entry of a key scope.
#[derive(Debug)]
#[expect(unnameable_types, reason = "part of the sealed half of Merge")]
pub struct Entry<'s> {
    pub(crate) bytes: &'s mut BytesBackend,
    pub(crate) scratch: &'s mut Scratch,
    pub(crate) state: Registered,
    pub(crate) group: KeyGroup,
    /// Encoded key and namespace.
    pub(crate) key: &'s [u8],
}

/// What an access needs, borrowed apart.
pub(crate) struct Access<'a, 's> {
    pub(crate) bytes: &'a mut BytesBackend,
    pub(crate) scratch: &'a mut Scratch,
    pub(crate) at: Address<'s>,
    pub(crate) state: Registered,
}

impl<'s> Entry<'s> {
    /// # Errors
    /// `Invalid` when the handle is another backend's.
    #[inline]
    pub(crate) fn access(&mut self) -> Result<Access<'_, 's>> {
        let Self {
            state, group, key, ..
        } = *self;
        state.check(self.bytes)?;
        let at = Address {
            state: state.index,
            group,
            key,
        };
        Ok(Access {
            bytes: self.bytes,
            scratch: self.scratch,
            at,
            state,
        })
    }

    pub(crate) fn clear(&mut self) -> Result<()> {
        let Access { bytes, at, .. } = self.access()?;
        bytes.clear(&at)
    }
}

impl Registered {
    /// # Errors
    /// `Invalid` when the handle is not of this backend.
    #[inline]
    pub(crate) fn check(self, backend: &BytesBackend) -> Result<()> {
        if self.instance == backend.instance() {
            Ok(())
        } else {
            Err(self.foreign())
        }
    }

    #[cold]
    fn foreign(self) -> Error {
        Error::invalid(format!(
            "state {:?} was registered with another backend: register it with this one",
            self.name
        ))
    }

    pub(crate) fn encode<T, C: Codec<T>>(self, value: &T, out: &mut Vec<u8>) -> Result<()> {
        C::encode(value, out).map_err(|error| self.name_in(error))
    }

    pub(crate) fn decode<T, C: Codec<T>>(self, bytes: &[u8]) -> Result<T> {
        C::decode(bytes).map_err(|error| self.name_in(error))
    }

    /// Names the state in an error of a codec.
    #[cold]
    pub(crate) fn name_in(self, error: impl Into<Error>) -> Error {
        error.into().context(format!("state {:?}", self.name))
    }
}

impl Scratch {
    /// Encodes a value into its buffer, alone.
    pub(crate) fn encode<T, C: Codec<T>>(&mut self, state: Registered, value: &T) -> Result<()> {
        self.value.clear();
        state.encode::<T, C>(value, &mut self.value)
    }

    /// Encodes a map key into its buffer, alone.
    pub(crate) fn encode_map_key<Q: EncodeKey + ?Sized>(&mut self, map_key: &Q) {
        self.map_key.clear();
        map_key.encode_key(&mut self.map_key);
    }
}

//! Values that tell the version of their type, so that older ones are upgraded as they are read.
//!
//! A value is written as `version ‖ what the codec inside writes` ([`alluvium_protocol::versioned`]). To read one of an
//! older version, that version's own type is read, and upgraded from version to version up to the present one.
//! Reading changes nothing that is stored: a value has its new form once it is written, or once the store has written its row again
//! (`Codec::UPGRADE`). A snapshot records the shape of each
//! version that stored values may have, and a restore compares it with what the chain of types says of that version.
//!
//! Invariant, checked by the compiler: a chain of types ends with [`First`], and its versions grow.

use std::marker::PhantomData;

use alluvium_protocol::schema::{Form, ValueSchema};
use alluvium_protocol::shape::Shape;
use alluvium_protocol::versioned::{push_version, split_version};

use super::{Codec, UpgradeBytes};
use crate::error::{Error, ErrorKind, Result};

/// A type that was another one before.
///
/// ```
/// use alluvium::codec::{Evolving, First, Postcard, Versioned};
/// use alluvium::{Result, ValueState};
/// use serde::{Deserialize, Serialize};
///
/// /// A flight's delay, in the first version: whole minutes.
/// #[derive(Serialize, Deserialize)]
/// struct MinutesLate(i16);
///
/// impl Evolving for MinutesLate {
///     const VERSION: u32 = 1;
///     type Before = First;
///
///     fn upgrade(before: First) -> Result<Self> {
///         match before {}
///     }
/// }
///
/// /// In the second: seconds, and why.
/// #[derive(Serialize, Deserialize)]
/// struct Late {
///     seconds: i64,
///     reason: Option<String>,
/// }
///
/// impl Evolving for Late {
///     const VERSION: u32 = 2;
///     type Before = MinutesLate;
///
///     fn upgrade(MinutesLate(minutes): MinutesLate) -> Result<Self> {
///         Ok(Self { seconds: i64::from(minutes) * 60, reason: None })
///     }
/// }
///
/// const LATE: ValueState<Late, (), Versioned<Postcard>> = ValueState::new("late").codec();
/// # use std::sync::Arc;
/// # use alluvium::{Backend, Builder, store::memory::MemoryStoreFactory};
/// # let directory = tempfile::tempdir()?;
/// # let store = Arc::new(MemoryStoreFactory::default());
/// # let mut backend = Backend::<String>::open(Builder::new("airport", store, directory.path()))?;
/// let late = backend.register(LATE)?; // Also where version 1 was stored.
/// # backend.key("LX38")?.value(late).set(&Late { seconds: 60, reason: None })?;
/// # assert_eq!(backend.key("LX38")?.value(late).get()?.map(|late| late.seconds), Some(60));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// Versions must grow along the chain:
///
/// ```compile_fail
/// use alluvium::codec::{Codec, Evolving, First, Postcard, Versioned};
///
/// #[derive(serde::Serialize, serde::Deserialize)]
/// struct Zero;
///
/// impl Evolving for Zero {
///     const VERSION: u32 = 0; // Not above what `First` stands for.
///     type Before = First;
///
///     fn upgrade(before: First) -> alluvium::Result<Self> {
///         match before {}
///     }
/// }
///
/// Versioned::<Postcard>::encode(&Zero, &mut Vec::new()).unwrap();
/// ```
pub trait Evolving: Sized + 'static {
    /// The type's version, 1 or more. On disk: once values of it are stored, it never means another type.
    const VERSION: u32;

    /// The version before, which is `Evolving` too; [`First`] if there was none.
    type Before;

    /// A value of the version before, as one of this version. Called each time such a value is read, and by threads of the store that
    /// write rows again: it should be cheap, and give the same each time and on any thread.
    ///
    /// # Errors
    /// What the implementation says: the read fails with it. A value that cannot be upgraded is best refused as
    /// [`Incompatible`](ErrorKind::Incompatible). The store keeps such a value as it is.
    fn upgrade(before: Self::Before) -> Result<Self>;
}

/// What came before the first version: nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(
    clippy::exhaustive_enums,
    reason = "callers match it to show that it has no value"
)]
pub enum First {}

/// Values as `C` writes them, each with the version of its type before it. For types that are [`Evolving`].
#[derive(Debug, Clone, Copy)]
pub struct Versioned<C>(PhantomData<C>);

impl<T: Evolving + chain::Chain<C>, C: Codec<T>> Codec<T> for Versioned<C> {
    const NAME: &'static str = C::NAME;
    const VERSION: u32 = C::VERSION;
    const UPGRADE: Option<UpgradeBytes> = Some(upgrade::<T, C>);

    fn encode(value: &T, out: &mut Vec<u8>) -> Result<()> {
        const {
            assert!(
                T::GROWS,
                "a type's version must be above that of the type before"
            );
        };
        push_version(out, T::VERSION);
        C::encode(value, out)
    }

    fn decode(bytes: &[u8]) -> Result<T> {
        let (version, rest) = split_version(bytes)?;
        T::read(version, rest)?.ok_or_else(|| unknown::<T, C>(version))
    }

    fn shape() -> Shape {
        C::shape()
    }

    fn schema() -> ValueSchema {
        let mut forms = Vec::new();
        T::forms(&mut forms);
        forms.reverse();
        // The present one comes last.
        forms.pop();
        ValueSchema {
            type_version: Some(T::VERSION),
            older: forms,
            ..C::schema()
        }
    }
}

/// Of what tells the newest version nothing but that is read.
fn upgrade<T: Evolving + chain::Chain<C>, C: Codec<T>>(
    bytes: &[u8],
    out: &mut Vec<u8>,
) -> Result<bool> {
    let (version, rest) = split_version(bytes)?;
    if version == T::VERSION {
        return Ok(false);
    }
    let value = T::read(version, rest)?.ok_or_else(|| unknown::<T, C>(version))?;
    Versioned::<C>::encode(&value, out)?;
    Ok(true)
}

#[cold]
fn unknown<T: Evolving + chain::Chain<C>, C>(version: u32) -> Error {
    let known = T::VERSION;
    if version > known {
        return Error::new(
            ErrorKind::Incompatible,
            format!(
                "a value of version {version} of its type, of which the program knows none above {known}: run the \
                 program that wrote it, or a later one"
            ),
        );
    }
    Error::new(
        ErrorKind::Incompatible,
        format!(
            "a value of version {version} of its type, which is not among the versions before {known} that the program \
             knows"
        ),
    )
}

mod chain {
    //! A type and all that it was before, as one codec reads and writes them.

    use super::{Codec, Evolving, First, Form, Result};

    #[expect(
        unnameable_types,
        reason = "follows from Evolving: nobody implements it"
    )]
    pub trait Chain<C>: Sized {
        /// The newest version; 0 where there is none.
        const NEWEST: u32;
        /// Whether each version is above the one before.
        const GROWS: bool;

        /// Adds the form of each version, newest first.
        fn forms(forms: &mut Vec<Form>);

        /// Reads a value of a version and upgrades it to this one; `None` if the version is not in the chain.
        fn read(version: u32, bytes: &[u8]) -> Result<Option<Self>>;
    }

    impl<C> Chain<C> for First {
        const NEWEST: u32 = 0;
        const GROWS: bool = true;

        fn forms(_: &mut Vec<Form>) {}

        fn read(_: u32, _: &[u8]) -> Result<Option<Self>> {
            Ok(None)
        }
    }

    impl<C: Codec<T>, T: Evolving<Before: Chain<C>>> Chain<C> for T {
        const NEWEST: u32 = T::VERSION;
        const GROWS: bool =
            T::VERSION > <T::Before as Chain<C>>::NEWEST && <T::Before as Chain<C>>::GROWS;

        fn forms(forms: &mut Vec<Form>) {
            forms.push(Form {
                type_version: Some(T::VERSION),
                type_name: std::any::type_name::<T>().to_owned(),
                shape: C::shape(),
            });
            <T::Before as Chain<C>>::forms(forms);
        }

        fn read(version: u32, bytes: &[u8]) -> Result<Option<Self>> {
            if version == T::VERSION {
                return C::decode(bytes).map(Some);
            }
            if version > T::VERSION {
                return Ok(None);
            }
            let before = <T::Before as Chain<C>>::read(version, bytes)?;
            before.map(T::upgrade).transpose()
        }
    }
}

#[cfg(test)]
mod tests;

//! What becomes of the parts of a value that is read: a tree, or nothing.

use alluvium_protocol::value::Value;

/// Takes the parts of a value. Closures make what would cost to make when nobody wants it.
pub(super) trait Output: Sized {
    fn value(make: impl FnOnce() -> Value) -> Self;
    fn seq(parts: Vec<Self>) -> Self;
    fn map(entries: Vec<(Self, Self)>) -> Self;
    /// A struct of the fields that `names` names.
    fn fields(name: &str, names: impl Iterator<Item: AsRef<str>>, values: Vec<Self>) -> Self;
    fn variant(name: &str, variant: &str, payload: Self) -> Self;
}

impl Output for Value {
    #[inline]
    fn value(make: impl FnOnce() -> Self) -> Self {
        make()
    }

    fn seq(parts: Vec<Self>) -> Self {
        Self::Seq(parts)
    }

    fn map(entries: Vec<(Self, Self)>) -> Self {
        Self::Map(entries)
    }

    fn fields(name: &str, names: impl Iterator<Item: AsRef<str>>, values: Vec<Self>) -> Self {
        Self::Struct {
            name: name.to_owned(),
            fields: names
                .map(|name| name.as_ref().to_owned())
                .zip(values)
                .collect(),
        }
    }

    fn variant(name: &str, variant: &str, payload: Self) -> Self {
        Self::Enum {
            name: name.to_owned(),
            variant: variant.to_owned(),
            payload: Box::new(payload),
        }
    }
}

impl Output for () {
    #[inline]
    fn value(_: impl FnOnce() -> Value) {}

    fn seq(_: Vec<Self>) {}

    fn map(_: Vec<(Self, Self)>) {}

    fn fields(_: &str, _: impl Iterator<Item: AsRef<str>>, _: Vec<Self>) {}

    fn variant(_: &str, _: &str, (): Self) {}
}

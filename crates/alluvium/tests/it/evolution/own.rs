//! A codec of a program's own: it has no shape, and answers for what it reads by its version alone.

use alluvium::Result;
use alluvium::codec::{Codec, MsgPackNamed};
use alluvium::protocol::shape::Shape;

/// Values as MessagePack, under a name that Alluvium knows nothing of.
#[derive(Debug)]
pub(super) struct Own;

impl<T> Codec<T> for Own
where
    MsgPackNamed: Codec<T>,
{
    const NAME: &'static str = "own";

    fn encode(value: &T, out: &mut Vec<u8>) -> Result<()> {
        MsgPackNamed::encode(value, out)
    }

    fn decode(bytes: &[u8]) -> Result<T> {
        MsgPackNamed::decode(bytes)
    }

    fn shape() -> Shape {
        Shape::Opaque
    }
}

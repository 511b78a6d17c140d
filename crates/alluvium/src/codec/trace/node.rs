//! What is known so far of one place in a type, and the shape that comes of it.

use alluvium_protocol::shape::Shape;

use super::aliases::Aliases;
use super::pass::Stop;

/// One place in a type: the root, a field, an element, a variant's payload.
#[derive(Debug)]
pub(super) enum Node {
    /// Nobody has come here yet.
    Unknown,
    /// Nothing below it.
    Leaf {
        shape: Shape,
        /// How many made-up values were refused here.
        refused: usize,
    },
    Option(Box<Self>),
    Seq(Box<Self>),
    Map(Box<[Self; 2]>),
    Product {
        form: Form,
        parts: Vec<Self>,
        /// Of a struct that has more names than fields.
        aliases: Option<Aliases>,
    },
    Enum {
        name: &'static str,
        variants: Vec<Variant>,
    },
    /// The type of this name, which encloses this place.
    Recursive(&'static str),
}

/// What kind of product a node is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    Tuple,
    Newtype(&'static str),
    TupleStruct(&'static str),
    Struct(&'static str, &'static [&'static str]),
}

#[derive(Debug)]
pub(super) struct Variant {
    pub(super) name: &'static str,
    pub(super) payload: Node,
    /// A pass made a value of it, so it ends.
    pub(super) built: bool,
    /// It is known, and yet no value could be made of it.
    pub(super) endless: bool,
}

impl Node {
    /// Whether nothing is unknown at or below this place.
    pub(super) fn is_known(&self) -> bool {
        match self {
            Self::Unknown => false,
            Self::Leaf { .. } | Self::Recursive(_) => true,
            Self::Option(content) | Self::Seq(content) => content.is_known(),
            Self::Map(entry) => entry.iter().all(Self::is_known),
            Self::Product { parts, aliases, .. } => {
                parts.iter().all(Self::is_known) && aliases.as_ref().is_none_or(Aliases::is_known)
            }
            Self::Enum { variants, .. } => variants.iter().all(|one| one.payload.is_known()),
        }
    }

    /// Levels of the shape.
    pub(super) fn depth(&self) -> usize {
        let deepest = |nodes: &mut dyn Iterator<Item = &Self>| nodes.map(Self::depth).max();
        let below = match self {
            Self::Unknown | Self::Leaf { .. } | Self::Recursive(_) => None,
            Self::Option(content) | Self::Seq(content) => Some(content.depth()),
            Self::Map(entry) => deepest(&mut entry.iter()),
            Self::Product { parts, .. } => deepest(&mut parts.iter()),
            Self::Enum { variants, .. } => deepest(&mut variants.iter().map(|one| &one.payload)),
        };
        1 + below.unwrap_or(0)
    }

    pub(super) fn shape(&self) -> Shape {
        match self {
            Self::Unknown => Shape::Opaque,
            Self::Leaf { shape, .. } => shape.clone(),
            Self::Option(content) => Shape::option(content.shape()),
            Self::Seq(content) => Shape::seq(content.shape()),
            Self::Map(entry) => {
                let [key, value] = entry.as_ref();
                Shape::map(key.shape(), value.shape())
            }
            Self::Product {
                form,
                parts,
                aliases,
            } => self.product(*form, parts, aliases.as_ref()),
            Self::Enum { name, variants } => Shape::Enum {
                name: (*name).to_owned(),
                variants: (0..)
                    .zip(variants)
                    .map(|(number, one)| (number, one.name.to_owned(), one.payload.shape()))
                    .collect(),
            },
            Self::Recursive(name) => Shape::Recursive((*name).to_owned()),
        }
    }

    fn product(&self, form: Form, parts: &[Self], aliases: Option<&Aliases>) -> Shape {
        let shapes = parts.iter().map(Self::shape);
        let numbered = || (0..parts.len()).map(|number| number.to_string());
        let (name, fields) = match form {
            Form::Tuple => return Shape::Tuple(shapes.collect()),
            // A newtype is what it wraps, except where the inside refers to it by name.
            Form::Newtype(name) if !self.refers_to(name) => {
                return parts.last().map_or(Shape::Unit, Self::shape);
            }
            Form::Newtype(name) | Form::TupleStruct(name) => {
                (name, numbered().zip(shapes).collect())
            }
            Form::Struct(name, fields) => (
                name,
                aliases
                    .map_or(fields, Aliases::names)
                    .iter()
                    .map(|&field| field.to_owned())
                    .zip(shapes)
                    .collect(),
            ),
        };
        Shape::Struct {
            name: name.to_owned(),
            fields,
        }
    }

    fn refers_to(&self, name: &str) -> bool {
        match self {
            Self::Unknown | Self::Leaf { .. } => false,
            Self::Option(content) | Self::Seq(content) => content.refers_to(name),
            Self::Map(entry) => entry.iter().any(|one| one.refers_to(name)),
            Self::Product { parts, .. } => parts.iter().any(|one| one.refers_to(name)),
            Self::Enum { variants, .. } => variants.iter().any(|one| one.payload.refers_to(name)),
            Self::Recursive(to) => *to == name,
        }
    }
}

/// Going down: each returns what lies below this place, which it becomes on the first visit.
impl Node {
    pub(super) fn leaf(&mut self, expected: &Shape) -> Result<&mut usize, Stop> {
        if let Self::Unknown = self {
            *self = Self::Leaf {
                shape: expected.clone(),
                refused: 0,
            };
        }
        match self {
            Self::Leaf { shape, refused } if shape == expected => Ok(refused),
            _ => Err(Stop::unsteady()),
        }
    }

    pub(super) fn option(&mut self) -> Result<&mut Self, Stop> {
        if let Self::Unknown = self {
            *self = Self::Option(Box::new(Self::Unknown));
        }
        if let Self::Option(content) = self {
            Ok(content)
        } else {
            Err(Stop::unsteady())
        }
    }

    pub(super) fn seq(&mut self) -> Result<&mut Self, Stop> {
        if let Self::Unknown = self {
            *self = Self::Seq(Box::new(Self::Unknown));
        }
        if let Self::Seq(content) = self {
            Ok(content)
        } else {
            Err(Stop::unsteady())
        }
    }

    pub(super) fn map(&mut self) -> Result<&mut [Self; 2], Stop> {
        if let Self::Unknown = self {
            *self = Self::Map(Box::new([Self::Unknown, Self::Unknown]));
        }
        if let Self::Map(entry) = self {
            Ok(entry)
        } else {
            Err(Stop::unsteady())
        }
    }

    pub(super) fn parts(&mut self, expected: Form, length: usize) -> Result<&mut [Self], Stop> {
        if let Self::Unknown = self {
            let parts = std::iter::repeat_with(|| Self::Unknown)
                .take(length)
                .collect();
            *self = Self::Product {
                form: expected,
                parts,
                aliases: None,
            };
        }
        match self {
            Self::Product { form, parts, .. } if *form == expected && parts.len() == length => {
                Ok(parts)
            }
            _ => Err(Stop::unsteady()),
        }
    }

    /// The fields of a struct, and what is known of its aliases.
    pub(super) fn fields(
        &mut self,
        expected: Form,
        names: usize,
    ) -> Result<(&mut Vec<Self>, &mut Option<Aliases>), Stop> {
        if let Self::Unknown = self {
            self.parts(expected, names)?;
        }
        match self {
            Self::Product {
                form,
                parts,
                aliases,
            } if *form == expected => Ok((parts, aliases)),
            _ => Err(Stop::unsteady()),
        }
    }

    pub(super) fn variants(
        &mut self,
        expected: &'static str,
        names: &'static [&'static str],
    ) -> Result<&mut [Variant], Stop> {
        if let Self::Unknown = self {
            let unseen = |&name| Variant {
                name,
                payload: Self::Unknown,
                built: false,
                endless: false,
            };
            *self = Self::Enum {
                name: expected,
                variants: names.iter().map(unseen).collect(),
            };
        }
        match self {
            Self::Enum { name, variants } if *name == expected && variants.len() == names.len() => {
                Ok(variants)
            }
            _ => Err(Stop::unsteady()),
        }
    }
}

/// The variant to try: one that is not known yet, else one that ends, else one that may.
pub(super) fn next_variant(variants: &mut [Variant]) -> Option<(u32, &mut Variant)> {
    let position = |wanted: &dyn Fn(&Variant) -> bool| variants.iter().position(wanted);
    let chosen = position(&|one| !one.payload.is_known())
        .or_else(|| position(&|one| one.built))
        .or_else(|| position(&|one| !one.endless))?;
    Some((u32::try_from(chosen).ok()?, variants.get_mut(chosen)?))
}

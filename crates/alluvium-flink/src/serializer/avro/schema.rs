//! A schema of Avro's, as far as reading a value needs it: logical types, defaults and aliases are left out.
//!
//! Invariant: every [`ShapeId`] in a schema is the number of one of its shapes. Named shapes may refer to themselves, so whoever
//! follows them bounds the depth.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value as Json};

use crate::serializer::NAME_MAX;

/// How deep schemas may be nested.
const DEPTH_MAX: usize = 64;

/// The shapes of a schema; the last is the outermost one's.
#[derive(Debug, PartialEq)]
pub(crate) struct Schema {
    shapes: Vec<Shape>,
    pub(crate) root: ShapeId,
}

pub(crate) type ShapeId = usize;

#[derive(Debug, PartialEq)]
pub(crate) enum Shape {
    Null,
    Boolean,
    Int,
    Long,
    Float,
    Double,
    Bytes,
    String,
    Fixed(usize),
    Enumeration {
        name: String,
        symbols: Vec<String>,
    },
    Array(ShapeId),
    Map(ShapeId),
    /// Names that tell the variants apart, and their shapes.
    Union(Vec<(String, ShapeId)>),
    Record {
        name: String,
        fields: Vec<(String, ShapeId)>,
    },
}

impl Schema {
    /// `None` when it is none, or names are unknown, used twice or too long.
    pub(crate) fn parse(json: &str) -> Option<Self> {
        let json = serde_json::from_str(json).ok()?;
        let mut parser = Parser::default();
        let root = parser.any(&json, "", 0)?;
        Some(Self {
            shapes: parser.shapes,
            root,
        })
    }

    pub(crate) fn shape(&self, id: ShapeId) -> &Shape {
        self.shapes.get(id).unwrap_or(&Shape::Null)
    }
}

#[derive(Default)]
struct Parser {
    shapes: Vec<Shape>,
    names: BTreeMap<String, ShapeId>,
}

impl Parser {
    fn add(&mut self, shape: Shape) -> ShapeId {
        self.shapes.push(shape);
        self.shapes.len() - 1
    }

    fn any(&mut self, json: &Json, namespace: &str, depth: usize) -> Option<ShapeId> {
        if depth > DEPTH_MAX {
            return None;
        }
        match json {
            Json::String(name) => self.named(name, namespace),
            Json::Array(variants) => self.union(variants, namespace, depth + 1),
            Json::Object(object) => self.object(object, namespace, depth + 1),
            _ => None,
        }
    }

    fn named(&mut self, name: &str, namespace: &str) -> Option<ShapeId> {
        let shape = match name {
            "null" => Shape::Null,
            "boolean" => Shape::Boolean,
            "int" => Shape::Int,
            "long" => Shape::Long,
            "float" => Shape::Float,
            "double" => Shape::Double,
            "bytes" => Shape::Bytes,
            "string" => Shape::String,
            _ => return self.names.get(&full(name, namespace)).copied(),
        };
        Some(self.add(shape))
    }

    fn union(&mut self, json: &[Json], namespace: &str, depth: usize) -> Option<ShapeId> {
        let mut variants = Vec::new();
        for variant in json {
            let id = self.any(variant, namespace, depth)?;
            let name = match self.shapes.get(id)? {
                Shape::Null => "null",
                Shape::Boolean => "boolean",
                Shape::Int => "int",
                Shape::Long => "long",
                Shape::Float => "float",
                Shape::Double => "double",
                Shape::Bytes => "bytes",
                Shape::String => "string",
                Shape::Fixed(_) => {
                    let mut names = self.names.iter();
                    names.find(|(_, of)| **of == id)?.0
                }
                Shape::Array(_) => "array",
                Shape::Map(_) => "map",
                Shape::Union(_) => return None,
                Shape::Enumeration { name, .. } | Shape::Record { name, .. } => name,
            };
            variants.push((name.to_owned(), id));
        }
        are_distinct(variants.iter().map(|(name, _)| name))?;
        Some(self.add(Shape::Union(variants)))
    }

    fn object(
        &mut self,
        json: &Map<String, Json>,
        namespace: &str,
        depth: usize,
    ) -> Option<ShapeId> {
        let kind = match json.get("type")? {
            Json::String(kind) => kind.as_str(),
            other => return self.any(other, namespace, depth),
        };
        match kind {
            "array" => {
                let items = self.any(json.get("items")?, namespace, depth)?;
                return Some(self.add(Shape::Array(items)));
            }
            "map" => {
                let values = self.any(json.get("values")?, namespace, depth)?;
                return Some(self.add(Shape::Map(values)));
            }
            "record" | "error" | "enum" | "fixed" => {}
            _ => return self.named(kind, namespace),
        }
        let namespace = match json.get("namespace") {
            Some(Json::String(namespace)) => namespace,
            _ => namespace,
        };
        let name = full(limited(json.get("name")?)?, namespace);
        let namespace = name.rsplit_once('.').map_or("", |(namespace, _)| namespace);
        // It is known before its fields are: they may refer to it.
        let id = self.add(Shape::Record {
            name: name.clone(),
            fields: Vec::new(),
        });
        if self.names.insert(name.clone(), id).is_some() {
            return None;
        }
        let shape = match kind {
            "fixed" => Shape::Fixed(usize::try_from(json.get("size")?.as_u64()?).ok()?),
            "enum" => {
                let symbols = json.get("symbols")?.as_array()?.iter();
                let symbols = symbols.map(|symbol| limited(symbol).map(str::to_owned));
                let symbols = symbols.collect::<Option<Vec<String>>>()?;
                are_distinct(symbols.iter())?;
                let name = name.clone();
                Shape::Enumeration { name, symbols }
            }
            _ => {
                let mut fields = Vec::new();
                for field in json.get("fields")?.as_array()? {
                    let field_name = limited(field.get("name")?)?.to_owned();
                    fields.push((field_name, self.any(field.get("type")?, namespace, depth)?));
                }
                are_distinct(fields.iter().map(|(name, _)| name))?;
                let name = name.clone();
                Shape::Record { name, fields }
            }
        };
        *self.shapes.get_mut(id)? = shape;
        Some(id)
    }
}

/// `None` when a name is there twice: Avro refuses such schemas, and values would not be told apart by name.
fn are_distinct<'n, I>(mut names: I) -> Option<()>
where
    I: Iterator<Item = &'n String>,
{
    let mut seen = BTreeSet::new();
    names.all(|name| seen.insert(name)).then_some(())
}

fn limited(json: &Json) -> Option<&str> {
    json.as_str().filter(|name| name.len() <= NAME_MAX)
}

fn full(name: &str, namespace: &str) -> String {
    match namespace {
        _ if name.contains('.') => name.to_owned(),
        "" => name.to_owned(),
        _ => format!("{namespace}.{name}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_may_refer_to_itself_by_its_name() {
        let schema = Schema::parse(
            r#"{"type":"record","name":"Node","namespace":"a.b","fields":[
                {"name":"value","type":{"type":"int","logicalType":"date"}},
                {"name":"next","type":["null","Node"]}]}"#,
        )
        .unwrap();

        let Shape::Record { name, fields } = schema.shape(schema.root) else {
            panic!("not a record");
        };
        assert_eq!(name, "a.b.Node");
        assert_eq!(schema.shape(fields[0].1), &Shape::Int);
        let Shape::Union(variants) = schema.shape(fields[1].1) else {
            panic!("not a union");
        };
        assert_eq!(variants[1], ("a.b.Node".to_owned(), schema.root));
    }

    #[test]
    fn what_is_no_schema_is_none() {
        for json in [
            "",
            "7",
            r#""Unknown""#,
            r#"{"type":"record"}"#,
            "[[",
            r#"["null","null"]"#,
            r#"{"type":"enum","name":"E","symbols":["a","a"]}"#,
            r#"{"type":"record","name":"R","fields":[{"name":"a","type":"int"},{"name":"a","type":"int"}]}"#,
        ] {
            assert_eq!(Schema::parse(json), None, "{json}");
        }
        let deep = "[".repeat(100) + &"]".repeat(100);
        assert_eq!(Schema::parse(&deep), None);
    }
}

//! Exports to Parquet: a column for each [`Column`], typed where its shape is one cell, and JSON text otherwise.
//!
//! Every column is optional, for not every state has a namespace or a time. Integers of 128 bits are text: Parquet has
//! none.

use std::sync::Arc;

use alluvium_protocol::shape::Shape;
use alluvium_protocol::value::Value;
use anyhow::{Context as _, Result};
use parquet::basic::{Compression, ConvertedType, Repetition, Type as Physical};
use parquet::data_type::{
    BoolType, ByteArray, ByteArrayType, DoubleType, FloatType, Int32Type, Int64Type,
};
use parquet::file::properties::WriterProperties;
use parquet::file::writer::{SerializedColumnWriter, SerializedFileWriter};
use parquet::schema::types::Type;

use super::super::columns::{Column, is_plain};
use super::super::destination::Destination;
use super::{Rows, text};
use crate::exit::Failure;
use crate::state::typed::Entry;

/// Rows of a group at the most: 128 Ki, the usual order of size for readers that skip groups.
const GROUP_ROWS_MAX: usize = 128 << 10;

/// Bytes of cells that a group holds in memory, about: 64 MiB.
const GROUP_BYTES_MAX: usize = 64 << 20;

/// Rows on their way to a Parquet file.
pub(super) struct Parquet {
    columns: Vec<Column>,
    cells: Vec<Cells>,
    rows: usize,
    bytes: usize,
    to: SerializedFileWriter<Destination>,
}

impl Parquet {
    /// Begins a file of these columns.
    ///
    /// # Errors
    /// When the destination fails.
    pub(super) fn begin(columns: Vec<Column>, to: Destination) -> Result<Self> {
        let cells: Vec<_> = columns
            .iter()
            .map(|column| Cells::of(&column.shape))
            .collect();
        let fields = columns.iter().zip(&cells).map(|(column, cells)| {
            let (physical, converted) = cells.of.types();
            let field = Type::primitive_type_builder(&column.name, physical)
                .with_repetition(Repetition::OPTIONAL)
                .with_converted_type(converted)
                .build()?;
            Ok(Arc::new(field))
        });
        let schema = Type::group_type_builder("rows")
            .with_fields(fields.collect::<Result<_>>()?)
            .build()?;
        let properties = WriterProperties::builder().set_compression(Compression::SNAPPY);
        let to = SerializedFileWriter::new(to, Arc::new(schema), Arc::new(properties.build()))?;
        Ok(Self {
            columns,
            cells,
            rows: 0,
            bytes: 0,
            to,
        })
    }

    fn end_group(&mut self) -> Result<()> {
        if self.rows == 0 {
            return Ok(());
        }
        let mut group = self.to.next_row_group()?;
        for cells in &mut self.cells {
            let mut column = group.next_column()?.context("a file has its columns")?;
            cells.write(&mut column)?;
            column.close()?;
        }
        group.close()?;
        (self.rows, self.bytes) = (0, 0);
        Ok(())
    }
}

impl Rows for Parquet {
    fn push(&mut self, entry: &Entry) -> Result<()> {
        for (column, cells) in self.columns.iter().zip(&mut self.cells) {
            let cell = column.cell(entry)?.filter(|cell| *cell != Value::Null);
            let pushed = cells.push(cell.as_ref());
            self.bytes += pushed.ok_or_else(|| {
                let cell = cell.as_ref().map_or_else(String::new, Value::to_string);
                Failure::problem(format!(
                    "state `{}`: {cell} in column {} of {}: export jsonl",
                    entry.state, column.name, column.shape
                ))
            })?;
        }
        self.rows += 1;
        if self.rows >= GROUP_ROWS_MAX || self.bytes >= GROUP_BYTES_MAX {
            self.end_group()?;
        }
        Ok(())
    }

    fn finish(mut self: Box<Self>) -> Result<Destination> {
        self.end_group()?;
        self.to.into_inner().context("write an export")
    }
}

/// The cells of one column in one group.
struct Cells {
    of: Of,
    /// For each row: 1 if it has a cell.
    levels: Vec<i16>,
}

enum Of {
    Bools(Vec<bool>),
    Ints(Vec<i32>),
    /// Of numbers up to `u32`, whose bits are kept.
    Unsigned(Vec<i32>),
    Longs(Vec<i64>),
    /// Of numbers up to `u64`, whose bits are kept.
    UnsignedLongs(Vec<i64>),
    Floats(Vec<f32>),
    Doubles(Vec<f64>),
    Bytes(Vec<ByteArray>),
    Texts(Vec<ByteArray>),
}

impl Cells {
    fn of(shape: &Shape) -> Self {
        let plain = match shape {
            Shape::Option(of) if is_plain(shape) => of,
            other => other,
        };
        let of = match plain {
            Shape::Bool => Of::Bools(Vec::new()),
            Shape::I8 | Shape::I16 | Shape::I32 => Of::Ints(Vec::new()),
            Shape::U8 | Shape::U16 | Shape::U32 => Of::Unsigned(Vec::new()),
            Shape::I64 => Of::Longs(Vec::new()),
            Shape::U64 => Of::UnsignedLongs(Vec::new()),
            Shape::F32 => Of::Floats(Vec::new()),
            Shape::F64 => Of::Doubles(Vec::new()),
            Shape::Bytes => Of::Bytes(Vec::new()),
            _ => Of::Texts(Vec::new()),
        };
        Self {
            of,
            levels: Vec::new(),
        }
    }

    /// Adds a row's cell, and returns how many bytes it takes; `None` if it is not what the column is of.
    fn push(&mut self, cell: Option<&Value>) -> Option<usize> {
        let bytes = match cell {
            None => 0,
            Some(cell) => self.of.push(cell)?,
        };
        self.levels.push(cell.is_some().into());
        Some(bytes + size_of::<i16>())
    }

    fn write(&mut self, to: &mut SerializedColumnWriter<'_>) -> Result<()> {
        let levels = std::mem::take(&mut self.levels);
        let levels = Some(levels.as_slice());
        match &mut self.of {
            Of::Bools(cells) => {
                to.typed::<BoolType>().write_batch(cells, levels, None)?;
                cells.clear();
            }
            Of::Ints(cells) | Of::Unsigned(cells) => {
                to.typed::<Int32Type>().write_batch(cells, levels, None)?;
                cells.clear();
            }
            Of::Longs(cells) | Of::UnsignedLongs(cells) => {
                to.typed::<Int64Type>().write_batch(cells, levels, None)?;
                cells.clear();
            }
            Of::Floats(cells) => {
                to.typed::<FloatType>().write_batch(cells, levels, None)?;
                cells.clear();
            }
            Of::Doubles(cells) => {
                to.typed::<DoubleType>().write_batch(cells, levels, None)?;
                cells.clear();
            }
            Of::Bytes(cells) | Of::Texts(cells) => {
                to.typed::<ByteArrayType>()
                    .write_batch(cells, levels, None)?;
                cells.clear();
            }
        }
        Ok(())
    }
}

impl Of {
    fn push(&mut self, cell: &Value) -> Option<usize> {
        match self {
            Self::Bools(cells) => {
                let Value::Bool(cell) = cell else { return None };
                cells.push(*cell);
                Some(size_of::<bool>())
            }
            Self::Ints(cells) => {
                cells.push(cell.integer()?);
                Some(size_of::<i32>())
            }
            Self::Unsigned(cells) => {
                cells.push(cell.integer::<u32>()?.cast_signed());
                Some(size_of::<i32>())
            }
            Self::Longs(cells) => {
                cells.push(cell.integer()?);
                Some(size_of::<i64>())
            }
            Self::UnsignedLongs(cells) => {
                cells.push(cell.integer::<u64>()?.cast_signed());
                Some(size_of::<i64>())
            }
            Self::Floats(cells) => {
                let Value::Float32(cell) = cell else {
                    return None;
                };
                cells.push(*cell);
                Some(size_of::<f32>())
            }
            Self::Doubles(cells) => {
                match cell {
                    Value::Float(cell) => cells.push(*cell),
                    // As MessagePack has it where the field was once narrower.
                    Value::Float32(cell) => cells.push((*cell).into()),
                    _ => return None,
                }
                Some(size_of::<f64>())
            }
            Self::Bytes(cells) => {
                let Value::Bytes(cell) = cell else {
                    return None;
                };
                cells.push(ByteArray::from(cell.clone()));
                Some(size_of::<ByteArray>() + cell.len())
            }
            Self::Texts(cells) => {
                let cell = text(cell).into_bytes();
                let bytes = size_of::<ByteArray>() + cell.len();
                cells.push(ByteArray::from(cell));
                Some(bytes)
            }
        }
    }

    const fn types(&self) -> (Physical, ConvertedType) {
        match self {
            Self::Bools(_) => (Physical::BOOLEAN, ConvertedType::NONE),
            Self::Ints(_) => (Physical::INT32, ConvertedType::INT_32),
            Self::Unsigned(_) => (Physical::INT32, ConvertedType::UINT_32),
            Self::Longs(_) => (Physical::INT64, ConvertedType::INT_64),
            Self::UnsignedLongs(_) => (Physical::INT64, ConvertedType::UINT_64),
            Self::Floats(_) => (Physical::FLOAT, ConvertedType::NONE),
            Self::Doubles(_) => (Physical::DOUBLE, ConvertedType::NONE),
            Self::Bytes(_) => (Physical::BYTE_ARRAY, ConvertedType::NONE),
            Self::Texts(_) => (Physical::BYTE_ARRAY, ConvertedType::UTF8),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs::File;

    use alluvium_protocol::row::StateId;
    use alluvium_protocol::schema::{KeyedSchema, POSTCARD, StateKind, StateSchema, ValueSchema};
    use parquet::file::reader::{FileReader as _, SerializedFileReader};

    use super::super::super::columns::columns;
    use super::*;

    fn schema() -> KeyedSchema {
        let fields = [
            ("count", Shape::U64),
            ("ratio", Shape::option(Shape::F64)),
            ("tail", Shape::Str),
        ];
        let fields = fields
            .map(|(name, shape)| (name.to_owned(), shape))
            .to_vec();
        KeyedSchema {
            key: Shape::Tuple(vec![Shape::Str, Shape::I8]),
            states: vec![StateSchema {
                id: StateId::new(1),
                name: "seen".into(),
                kind: StateKind::Value,
                namespace: Shape::Unit,
                map_key: None,
                value: ValueSchema {
                    codec: POSTCARD.into(),
                    version: 1,
                    type_name: String::new(),
                    shape: Shape::Struct {
                        name: "Seen".into(),
                        fields,
                    },
                    type_version: None,
                    older: Vec::new(),
                },
                ttl: None,
            }],
        }
    }

    fn entry(count: u64, ratio: Value) -> Entry {
        let fields = [
            ("count", Value::Uint(count.into())),
            ("ratio", ratio),
            ("tail", Value::Str("N1".into())),
        ];
        Entry {
            operator: None,
            accessed: None,
            expires: None,
            state: "seen".into(),
            kind: "value".into(),
            key_group: 3,
            key: Value::Seq(vec![Value::Str("a".into()), Value::Int(-1)]),
            namespace: None,
            map_key: None,
            index: None,
            time: None,
            value: Some(Value::Struct {
                name: "Seen".into(),
                fields: fields
                    .map(|(name, value)| (name.to_owned(), value))
                    .to_vec(),
            }),
        }
    }

    #[test]
    fn rows_come_back_with_their_types_and_what_is_nested_as_json() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("seen.parquet");
        let to = Destination::open(Some(&path)).unwrap();
        let mut rows = Box::new(Parquet::begin(columns(&schema()), to).unwrap());

        rows.push(&entry(u64::MAX, Value::Float(0.5))).unwrap();
        rows.push(&entry(7, Value::Null)).unwrap();
        rows.finish().unwrap().finish().unwrap();

        let reader = SerializedFileReader::new(File::open(&path).unwrap()).unwrap();
        let read: Vec<_> = reader
            .get_row_iter(None)
            .unwrap()
            .map(|row| row.unwrap().to_string())
            .collect();
        let row = |count: u64, ratio: &str| {
            format!(
                "{{state: \"seen\", key_group: 3, key: \"[\"a\",-1]\", value.count: {count}, value.ratio: {ratio}, \
                 value.tail: \"N1\"}}"
            )
        };
        assert_eq!(read, [row(u64::MAX, "0.5"), row(7, "null")]);
    }

    #[test]
    fn a_cell_that_is_not_of_its_column_is_refused_by_name() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("seen.parquet");
        let to = Destination::open(Some(&path)).unwrap();
        let mut rows = Parquet::begin(columns(&schema()), to).unwrap();

        let refused = rows.push(&entry(7, Value::Bool(true))).unwrap_err();

        assert!(refused.to_string().contains("value.ratio"), "{refused}");
        drop(rows);
        assert!(!path.exists());
    }
}

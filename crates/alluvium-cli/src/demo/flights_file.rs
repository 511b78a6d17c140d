//! The departures file, read whole: rows in order, cut into a fixed number of splits by aircraft.
//!
//! Invariants: rows are in ascending event time; all flights of one aircraft lie in one split, in
//! order. Lines that break the format or the order are refused, counted and told by line number;
//! every process of a job refuses the same lines, so they read the same rows.

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};

use alluvium_protocol::key_group::KeyHash;
use anyhow::{Context as _, Result};
use flate2::bufread::MultiGzDecoder;

use super::flight::{COLUMNS, Flight};
use crate::exit::{Exit, Failure};
use crate::time::format_rfc3339;

/// How many refused lines are told one by one; the others are only counted.
const TOLD_REFUSALS_MAX: usize = 5;

/// Where the file lies in a checkout.
const DEFAULT_FILE: &str = "data/flights-2013.csv.gz";

/// The rows of a departures file.
#[derive(Debug)]
pub(crate) struct FlightsFile {
    /// Rows with an aircraft, in the file's order.
    pub(crate) rows: Vec<Flight>,
    /// For each split the indices of its rows, ascending.
    pub(crate) splits: Vec<Vec<u32>>,
    /// Tells this content from other content: positions in one file mean nothing in another.
    pub(crate) fingerprint: u32,
    /// What was read.
    pub(crate) report: FileReport,
}

/// What reading a departures file met.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct FileReport {
    /// Lines after the header.
    pub(crate) lines: u64,
    /// Well-formed lines that name no aircraft.
    pub(crate) without_aircraft: u64,
    /// Lines that were refused.
    pub(crate) refused: u64,
    /// The first refused lines: line number and reason.
    pub(crate) first_refused: Vec<(u64, String)>,
}

/// How to read a departures file.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct ReadOptions {
    /// Read this many lines at most.
    pub(crate) lines_max: Option<u64>,
    /// Whether the first malformed line is an error.
    pub(crate) strict: bool,
}

/// The file to read: the one asked for, or the one that comes with the sources.
pub(crate) fn locate(asked: Option<&Path>) -> Result<PathBuf> {
    if let Some(path) = asked {
        return Ok(path.to_owned());
    }
    let beside_sources = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../..")
        .join(DEFAULT_FILE);
    let places = [PathBuf::from(DEFAULT_FILE), beside_sources];
    places.into_iter().find(|place| place.is_file()).ok_or_else(|| {
        Failure::usage(format!(
            "{DEFAULT_FILE} is not here: run in a checkout of the sources, name the file with --data, \
             or generate departures with --keys and --records"
        ))
    })
}

impl FlightsFile {
    /// Reads a file, gzip or plain.
    ///
    /// # Errors
    /// When it cannot be read, is not a departures file, holds no departure of an aircraft, or
    /// under [`ReadOptions::strict`] has a malformed line.
    pub(crate) fn read(path: &Path, split_count: u32, options: ReadOptions) -> Result<Self> {
        let text = unpacked(path)?;
        let mut file = Self {
            rows: Vec::new(),
            splits: vec![Vec::new(); usize::try_from(split_count)?],
            fingerprint: KeyHash::of(&text).0,
            report: FileReport::default(),
        };
        file.take_lines(&text, path, options)?;
        if file.rows.is_empty() {
            let refused = file.report.refused;
            let shown = path.display();
            return Err(Failure::usage(format!(
                "{shown} has no departure of an aircraft ({refused} malformed lines)"
            )));
        }
        Ok(file)
    }

    fn take_lines(&mut self, text: &[u8], path: &Path, options: ReadOptions) -> Result<()> {
        let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(text);
        let header = reader
            .byte_headers()
            .with_context(|| format!("read {}", path.display()))?;
        if header.iter().ne(COLUMNS.iter().map(|name| name.as_bytes())) {
            return Err(Failure::usage(format!(
                "{} is not a departures file: its first line must be `{}`",
                path.display(),
                COLUMNS.join(",")
            )));
        }
        let mut line = csv::ByteRecord::new();
        while options.lines_max.is_none_or(|max| self.report.lines < max) {
            let read = reader.read_byte_record(&mut line);
            if !read.with_context(|| format!("read {}", path.display()))? {
                break;
            }
            self.report.lines += 1;
            let number = line.position().map_or(0, csv::Position::line);
            if let Err(why) = self.take_line(&line) {
                if options.strict {
                    return Err(Failure::problem(format!(
                        "{} line {number}: {why} (without --strict it would be counted and left out)",
                        path.display()
                    )));
                }
                self.report.refuse(number, why);
            }
        }
        Ok(())
    }

    fn take_line(&mut self, line: &csv::ByteRecord) -> Result<(), String> {
        let flight = Flight::parse(line)?;
        if let Some(last) = self.rows.last().filter(|last| last.at > flight.at) {
            let last = format_rfc3339(last.at);
            return Err(format!(
                "out of order: a line before it departs later, at {last}"
            ));
        }
        if flight.tailnum.is_empty() {
            self.report.without_aircraft += 1;
            return Ok(());
        }
        let index = u32::try_from(self.rows.len())
            .map_err(|_too_large| "the file has too many lines".to_owned())?;
        let split = KeyHash::of(flight.tailnum.as_bytes()).0 as usize % self.splits.len();
        if let Some(split) = self.splits.get_mut(split) {
            split.push(index);
        }
        self.rows.push(flight);
        Ok(())
    }
}

impl FileReport {
    fn refuse(&mut self, line: u64, why: String) {
        self.refused += 1;
        if self.first_refused.len() < TOLD_REFUSALS_MAX {
            self.first_refused.push((line, why));
        }
    }
}

fn unpacked(path: &Path) -> Result<Vec<u8>> {
    let packed = File::open(path).and_then(|mut file| {
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).map(|_| bytes)
    });
    let packed = packed.map_err(|error| {
        Failure::ending(
            Exit::Unreachable,
            format!(
                "read {}: {error}; name a departures file with --data",
                path.display()
            ),
        )
    })?;
    if !packed.starts_with(&[0x1f, 0x8b]) {
        return Ok(packed);
    }
    let mut text = Vec::new();
    let unpacked = MultiGzDecoder::new(BufReader::new(packed.as_slice())).read_to_end(&mut text);
    unpacked.map_err(|error| {
        Failure::problem(format!(
            "{} is damaged ({error}): fetch the file again",
            path.display()
        ))
    })?;
    Ok(text)
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    const HEADER: &str =
        "sched,carrier,flight,tailnum,origin,dest,dep_delay,arr_delay,air_time,distance";

    fn read(bytes: &[u8], options: ReadOptions) -> Result<FlightsFile> {
        let directory = tempfile::tempdir()?;
        let path = directory.path().join("flights.csv");
        std::fs::write(&path, bytes)?;
        FlightsFile::read(&path, 16, options)
    }

    fn sample() -> String {
        let lines = [
            "2013-01-01T10:15:00Z,UA,1545,N14228,EWR,IAH,2,11,227,1400",
            "2013-01-01T10:16:00Z,UA,1714,,LGA,IAH,4,20,227,1416",
            "not a departure",
            "2013-01-01T10:14:00Z,AA,1141,N619AA,JFK,MIA,2,33,160,1089",
            "2013-01-02T10:15:00Z,UA,1546,N14228,IAH,EWR,2,,,1400",
        ];
        format!("{HEADER}\n{}\n", lines.join("\n"))
    }

    #[test]
    fn malformed_and_disordered_lines_are_left_out_and_told_by_number() {
        let file = read(sample().as_bytes(), ReadOptions::default()).expect("readable");

        assert_eq!(file.rows.len(), 2);
        assert_eq!(file.report.lines, 5);
        assert_eq!(file.report.without_aircraft, 1);
        assert_eq!(file.report.refused, 2);
        let told: Vec<_> = file
            .report
            .first_refused
            .iter()
            .map(|(line, _)| *line)
            .collect();
        assert_eq!(told, [4, 5]);
    }

    #[test]
    fn a_strict_reader_stops_at_the_first_malformed_line() {
        let options = ReadOptions {
            strict: true,
            ..ReadOptions::default()
        };
        let error = read(sample().as_bytes(), options).expect_err("line 4 is malformed");

        assert!(error.to_string().contains("line 4"), "{error}");
        assert_eq!(Exit::of(&error), Exit::Problem);
    }

    #[test]
    fn the_flights_of_an_aircraft_lie_in_one_split_in_order() {
        let file = read(sample().as_bytes(), ReadOptions::default()).expect("readable");
        let used: Vec<_> = file
            .splits
            .iter()
            .filter(|split| !split.is_empty())
            .collect();

        assert_eq!(used, [&vec![0, 1]]);
    }

    #[test]
    fn packed_and_plain_files_give_the_same_rows() {
        let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        packed.write_all(sample().as_bytes()).expect("memory");
        let packed =
            read(&packed.finish().expect("memory"), ReadOptions::default()).expect("readable");
        let plain = read(sample().as_bytes(), ReadOptions::default()).expect("readable");

        assert_eq!(packed.rows, plain.rows);
        assert_eq!(packed.fingerprint, plain.fingerprint);
    }

    #[test]
    fn a_truncated_packed_file_is_a_problem_that_names_the_remedy() {
        let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        packed.write_all(sample().as_bytes()).expect("memory");
        let mut packed = packed.finish().expect("memory");
        packed.truncate(packed.len() - 9);
        let error = read(&packed, ReadOptions::default()).expect_err("truncated");

        assert!(
            error.to_string().contains("fetch the file again"),
            "{error}"
        );
    }

    #[test]
    fn another_csv_file_is_refused_by_its_header() {
        let error = read(b"a,b\n1,2\n", ReadOptions::default()).expect_err("no departures");

        assert_eq!(Exit::of(&error), Exit::Usage);
    }
}

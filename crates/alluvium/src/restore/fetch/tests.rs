//! Fetching: once each, the largest first, all or nothing.

use std::fs;
use std::sync::Mutex;

use alluvium_protocol::manifest::CheckpointId;
use tempfile::TempDir;

use super::*;
use crate::error::ErrorKind;
use crate::options::Options;
use crate::storage::in_memory;
use crate::transfer::TransferProgress;

/// Notes what was fetched, in order, and sets a flag after some file.
#[derive(Default)]
struct Noted {
    bytes: Mutex<Vec<u64>>,
    /// Bytes of all files that were done.
    done: Mutex<u64>,
    cancel_after_first: Option<Cancel>,
}

impl Progress for Noted {
    fn moved(&self, progress: &TransferProgress) {
        let mut bytes = self.bytes.lock().unwrap();
        if progress.files_done == bytes.len() {
            return;
        }
        let before = std::mem::replace(&mut *self.done.lock().unwrap(), progress.bytes_done);
        bytes.push(progress.bytes_done - before);
        if let Some(cancel) = &self.cancel_after_first {
            cancel.cancel();
        }
    }
}

struct Fixture {
    from: RestoreFrom,
    environment: Environment,
    cancel: Cancel,
    noted: Arc<Noted>,
    places: TempDir,
}

impl Fixture {
    /// Objects of so many bytes.
    fn new(lengths: &[usize]) -> Self {
        let storage = in_memory();
        for (number, length) in lengths.iter().enumerate() {
            let name = format!("job/{number}");
            storage.put(&name, &content_of(number, *length)).unwrap();
        }
        Self {
            from: RestoreFrom {
                storage,
                root: "job".to_owned(),
                manifests: Vec::new(),
                ownership: super::super::Ownership::Own,
            },
            environment: Environment::system(),
            cancel: Cancel::new(),
            noted: Arc::default(),
            places: tempfile::tempdir().unwrap(),
        }
    }

    fn wanted(&self, number: usize, length: usize, place: &str) -> Wanted {
        let content = content_of(number, length);
        Wanted {
            file: FileRef {
                id: FileId::new(number as u128),
                object: number.to_string(),
                name: place.to_owned(),
                shared: true,
                bytes: content.len() as u64,
                crc32c: crc32c::crc32c(&content),
                bounds: None,
                note: Vec::new(),
                uploaded_by: CheckpointId::new(1),
            },
            to: self.places.path().join(place),
        }
    }

    fn place(&self, wanted: &[Wanted]) -> Result<RestoreReport> {
        let progress: Arc<dyn Progress> = Arc::<Noted>::clone(&self.noted);
        let fetch = Fetch {
            from: &self.from,
            local: LocalFiles::default(),
            environment: &self.environment,
            threads: 1,
            retry: Retry::new(&Options::default().transfer_attempts(1), &self.environment),
            cancel: &self.cancel,
            progress: &progress,
        };
        let mut report = RestoreReport::default();
        fetch.place(wanted, &mut report).map(|_unsynced| report)
    }

    fn placed(&self) -> usize {
        fs::read_dir(self.places.path()).unwrap().count()
    }
}

fn content_of(number: usize, length: usize) -> Vec<u8> {
    vec![u8::try_from(number).unwrap(); length]
}

#[test]
fn the_largest_file_is_fetched_first() {
    let fixture = Fixture::new(&[10, 30, 20]);
    let lengths = [10, 30, 20].into_iter().enumerate();
    let wanted = lengths.map(|(n, length)| fixture.wanted(n, length, &n.to_string()));

    fixture.place(&wanted.collect::<Vec<_>>()).unwrap();

    assert_eq!(*fixture.noted.bytes.lock().unwrap(), [30, 20, 10]);
}

#[test]
fn a_file_that_several_sources_list_is_fetched_once_and_is_in_all_its_places() {
    let fixture = Fixture::new(&[10]);
    let mut wanted: Vec<_> = ["a", "b", "c"]
        .map(|place| fixture.wanted(0, 10, place))
        .into();
    wanted[2].file.shared = false;

    let report = fixture.place(&wanted).unwrap();

    assert_eq!((report.files_downloaded, report.bytes_downloaded), (1, 10));
    assert_eq!(*fixture.noted.bytes.lock().unwrap(), [10]);
    for wanted in &wanted {
        assert_eq!(fs::read(&wanted.to).unwrap(), content_of(0, 10));
    }
    // What a store may write to is nobody else's.
    fs::write(&wanted[2].to, b"changed").unwrap();
    assert_eq!(fs::read(&wanted[0].to).unwrap(), content_of(0, 10));
}

#[test]
fn nothing_is_left_in_any_place_after_an_error() {
    let fixture = Fixture::new(&[30, 20]);
    let mut wanted = vec![
        fixture.wanted(0, 30, "a"),
        fixture.wanted(0, 30, "b"),
        fixture.wanted(1, 20, "c"),
    ];
    wanted[2].file.crc32c ^= 1;

    let error = fixture.place(&wanted).unwrap_err();

    assert_eq!(error.kind(), ErrorKind::Corrupt);
    assert!(error.to_string().starts_with("job/1 in "), "{error}");
    assert_eq!(fixture.placed(), 0);
}

#[test]
fn a_cancel_between_two_files_is_noticed_and_leaves_nothing() {
    let mut fixture = Fixture::new(&[30, 20]);
    fixture.noted = Arc::new(Noted {
        cancel_after_first: Some(fixture.cancel.clone()),
        ..Noted::default()
    });
    let wanted = [fixture.wanted(0, 30, "a"), fixture.wanted(1, 20, "b")];

    let error = fixture.place(&wanted).unwrap_err();

    assert_eq!(error.kind(), ErrorKind::Cancelled);
    assert_eq!(*fixture.noted.bytes.lock().unwrap(), [30]);
    assert_eq!(fixture.placed(), 0);
}

#[test]
fn manifests_that_disagree_or_name_two_files_alike_are_refused() {
    let fixture = Fixture::new(&[30, 20]);
    let mut other = fixture.wanted(0, 30, "b");
    other.file.crc32c ^= 1;

    let disagree = fixture.place(&[fixture.wanted(0, 30, "a"), other]);
    let alike = fixture.place(&[fixture.wanted(0, 30, "a"), fixture.wanted(1, 20, "a")]);

    for refused in [disagree, alike] {
        assert_eq!(refused.unwrap_err().kind(), ErrorKind::Corrupt);
    }
    assert_eq!(fixture.placed(), 0);
}

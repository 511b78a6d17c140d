//! A server of S3 that fails as scripted: no failure loses, damages or leaves anything.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use alluvium::ErrorKind;
use alluvium::catalog::Catalog;
use alluvium::environment::Environment;
use alluvium::storage::{Cancel, Storage};
use alluvium_testing::s3::{Call, Fault, S3Server};
use tempfile::TempDir;

use super::{assert_whole, checkpoints, proposal, uploaded};
use crate::job::{Job, Subtask, contents_after, is_gone};

/// More than one part.
const LARGE_BYTES: usize = (8 << 20) + 1_000;

/// A server, a folder in it, and a file to upload.
struct Fixture {
    server: S3Server,
    storage: Arc<dyn Storage>,
    directory: TempDir,
}

impl Fixture {
    fn new() -> Self {
        let server = S3Server::start().unwrap();
        let storage = server.storage("folder").unwrap();
        let directory = tempfile::tempdir().unwrap();
        Self {
            server,
            storage,
            directory,
        }
    }

    fn file(&self, bytes: usize) -> PathBuf {
        let path = self.directory.path().join("file");
        fs::write(&path, content(bytes)).unwrap();
        path
    }

    /// A place for a download, in a directory of its own.
    fn place(&self) -> PathBuf {
        let directory = self.directory.path().join("place");
        fs::create_dir(&directory).unwrap();
        directory.join("file")
    }
}

fn content(bytes: usize) -> Vec<u8> {
    (0..bytes)
        .map(|at| u8::try_from(at % 251).unwrap())
        .collect()
}

fn is_empty(directory: &Path) -> bool {
    fs::read_dir(directory).unwrap().next().is_none()
}

#[test]
fn the_scripted_server_is_a_storage_that_jobs_live_on() {
    let server = S3Server::start().unwrap();

    assert_whole(|folder| server.storage(folder).unwrap());
}

#[test]
fn a_put_if_absent_is_settled_when_its_answer_is_lost_or_does_not_tell() {
    for fault in [Fault::LostAnswer, Fault::Status(409), Fault::Status(500)] {
        let fixture = Fixture::new();
        let job = Job::over(Arc::clone(&fixture.storage));
        let handle = uploaded(&job);
        let catalog = Catalog::open(Arc::clone(&fixture.storage), "job").unwrap();
        let environment = Environment::system();
        fixture.server.fail(Call::PutIfAbsent, 1, fault);
        let attempt = catalog.start_attempt(&environment).unwrap();
        fixture.server.fail(Call::PutIfAbsent, 1, fault);

        let committed = catalog.commit(&attempt, &proposal(&handle, 1), &environment);

        committed.unwrap_or_else(|error| panic!("{fault:?}: {error:?}"));
        assert_eq!(checkpoints(&catalog), [1], "{fault:?}");
        let records = catalog.read_log().unwrap().records().count();
        assert_eq!((attempt.number, records), (1, 2), "{fault:?}");
    }
}

#[test]
fn a_server_that_asks_to_slow_down_is_asked_again() {
    let fixture = Fixture::new();
    let (server, storage) = (&fixture.server, &fixture.storage);
    for call in [
        Call::Put,
        Call::Get,
        Call::List,
        Call::Copy,
        Call::Delete,
        Call::Begin,
        Call::Part,
        Call::Complete,
    ] {
        server.fail(call, 1, Fault::Status(503));
    }

    storage.put("x", b"1").unwrap();
    storage.copy("x", "y").unwrap();
    let file = fixture.file(LARGE_BYTES);
    storage.upload("large", &file, &Cancel::new()).unwrap();
    assert_eq!(storage.get("x").unwrap().as_deref(), Some(&b"1"[..]));
    assert_eq!(storage.list("").unwrap().len(), 3);
    storage.delete("x").unwrap();

    let objects = server.objects();
    assert_eq!(objects.len(), 2);
    assert!(objects["folder/large"] == content(LARGE_BYTES));
}

#[test]
fn a_snapshot_outlasts_a_server_that_refuses_each_repeat_of_a_request() {
    let fixture = Fixture::new();
    let job = Job::over(Arc::clone(&fixture.storage));
    let mut subtask = Subtask::open(job.patient());
    subtask.write(0..40, 1);
    // Each request is repeated three times by the client; then the transfer begins anew.
    for nth in 1..=5 {
        fixture.server.fail(Call::Put, nth, Fault::Status(503));
    }

    let handle = job.take(&mut subtask, 1);

    drop(subtask);
    let (mut restored, _) = job.restore(&[handle]);
    assert_eq!(restored.contents(), contents_after(&[(0..40, 1)]));
}

#[test]
fn a_download_that_is_cut_off_goes_on_where_it_was() {
    let fixture = Fixture::new();
    let to = fixture.place();
    fixture.storage.put("x", &content(100_000)).unwrap();
    fixture.server.fail(Call::Get, 1, Fault::TruncatedBody);

    let moved = fixture.storage.download("x", &to, &Cancel::new()).unwrap();

    assert_eq!(moved.bytes, 100_000);
    assert!(fs::read(&to).unwrap() == content(100_000));
}

#[test]
fn a_download_that_is_cut_off_each_time_fails_and_leaves_nothing() {
    let fixture = Fixture::new();
    let to = fixture.place();
    fixture.storage.put("x", &content(100_000)).unwrap();
    fixture.server.fail_always(Call::Get, Fault::TruncatedBody);

    let error = fixture
        .storage
        .download("x", &to, &Cancel::new())
        .unwrap_err();

    assert_eq!(error.kind(), ErrorKind::Unavailable, "{error:?}");
    assert!(is_empty(to.parent().unwrap()));
}

#[test]
fn wrong_bytes_are_fetched_again_and_corrupt_if_they_stay_wrong() {
    let fixture = Fixture::new();
    let job = Job::over(Arc::clone(&fixture.storage));
    let handle = uploaded(&job);
    let from = job.from(&[handle]);
    fixture.server.fail(Call::Get, 1, Fault::WrongByte);

    let (mut restored, _) = Subtask::restore(job.patient(), &from).unwrap();
    assert_eq!(restored.contents(), contents_after(&[(0..40, 1)]));
    drop(restored);

    fixture.server.fail_always(Call::Get, Fault::WrongByte);
    let Err(error) = Subtask::restore(job.patient(), &from) else {
        panic!("restored wrong bytes");
    };
    assert_eq!(error.kind(), ErrorKind::Corrupt, "{error:?}");
    assert!(is_gone(&job.work()));
}

/// Runs a transfer and cancels it once the server hangs. It returns although the server never goes on.
fn cancelled_when_hanging<T: Send>(
    server: &S3Server,
    transfer: impl FnOnce(&Cancel) -> T + Send,
) -> T {
    let cancel = Cancel::new();
    std::thread::scope(|scope| {
        let transfer = scope.spawn(|| transfer(&cancel));
        server.wait_until_one_hangs();
        cancel.cancel();
        transfer.join().unwrap()
    })
}

#[test]
fn a_download_that_stalls_is_cancelled_and_leaves_nothing() {
    for fault in [Fault::StalledBody, Fault::Silence] {
        let fixture = Fixture::new();
        let to = fixture.place();
        fixture.storage.put("x", &content(LARGE_BYTES)).unwrap();
        fixture.server.fail_always(Call::Get, fault);

        let downloaded = cancelled_when_hanging(&fixture.server, |cancel| {
            fixture.storage.download("x", &to, cancel)
        });

        assert_eq!(downloaded.unwrap_err().kind(), ErrorKind::Cancelled);
        assert!(is_empty(to.parent().unwrap()), "{fault:?}");
    }
}

#[test]
fn an_upload_that_stalls_is_cancelled_and_leaves_nothing() {
    for (bytes, call) in [
        (1_000, Call::Put),
        (LARGE_BYTES, Call::Part),
        (LARGE_BYTES, Call::Complete),
    ] {
        let fixture = Fixture::new();
        let file = fixture.file(bytes);
        fixture.server.fail(call, 1, Fault::Silence);

        let uploaded = cancelled_when_hanging(&fixture.server, |cancel| {
            fixture.storage.upload("x", &file, cancel)
        });

        assert_eq!(uploaded.unwrap_err().kind(), ErrorKind::Cancelled);
        if call == Call::Part {
            fixture.server.wait_until_nothing_is_unfinished();
        }
        assert!(fixture.server.objects().is_empty(), "{call:?}");
    }
}

#[test]
fn an_upload_whose_answer_is_lost_writes_the_same_content_again() {
    for (bytes, call) in [(1_000, Call::Put), (LARGE_BYTES, Call::Part)] {
        let fixture = Fixture::new();
        let file = fixture.file(bytes);
        fixture.server.fail(call, 1, Fault::LostAnswer);

        fixture.storage.upload("x", &file, &Cancel::new()).unwrap();

        assert!(
            fixture.server.objects()["folder/x"] == content(bytes),
            "{call:?}"
        );
        fixture.server.wait_until_nothing_is_unfinished();
    }
}

#[test]
fn a_completion_whose_answer_is_lost_is_made_again_by_the_whole_transfer() {
    let fixture = Fixture::new();
    let file = fixture.file(LARGE_BYTES);
    fixture.server.fail(Call::Complete, 1, Fault::LostAnswer);

    let first = fixture.storage.upload("x", &file, &Cancel::new());
    // The parts are gone, so the client cannot complete them again: it is told so, or that they were never there.
    if let Err(error) = first {
        assert_eq!(error.kind(), ErrorKind::Unavailable, "{error:?}");
        assert!(!error.is_lasting(), "{error:?}");
        fixture.storage.upload("x", &file, &Cancel::new()).unwrap();
    }

    assert!(fixture.server.objects()["folder/x"] == content(LARGE_BYTES));
    fixture.server.wait_until_nothing_is_unfinished();
}

#[test]
fn an_upload_that_fails_gives_its_parts_up() {
    for call in [Call::Part, Call::Complete] {
        let fixture = Fixture::new();
        let file = fixture.file(LARGE_BYTES);
        fixture.server.fail_always(call, Fault::Status(500));

        let error = fixture
            .storage
            .upload("x", &file, &Cancel::new())
            .unwrap_err();

        assert_eq!(error.kind(), ErrorKind::Unavailable, "{error:?}");
        fixture.server.wait_until_nothing_is_unfinished();
        assert!(fixture.server.objects().is_empty());
    }
}

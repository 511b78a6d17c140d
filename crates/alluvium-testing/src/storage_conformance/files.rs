//! Checks of the transfers of files: there and back, cancelled, failed.

use std::fs;
use std::path::Path;

use alluvium::ErrorKind;
use alluvium::storage::{Cancel, Storage, Transfer};

/// More than two parts of the usual 8 MiB, and not a multiple of them.
const LARGE_BYTES: usize = 2 * (8 << 20) + 12_345;

/// Empty, small and large files come back byte for byte, with the right lengths and checksums.
///
/// # Panics
/// Where `storage` falls short.
pub fn files_come_back_as_they_went(storage: &dyn Storage) {
    let directory = tempfile::tempdir().expect("a directory");
    for length in [0, 1, 70_000, 8 << 20, (8 << 20) + 1, LARGE_BYTES] {
        let bytes = content(length);
        let from = directory.path().join("from");
        let to = directory.path().join("to");
        fs::write(&from, &bytes).expect("write the file");
        let name = format!("files/{length}");
        let moved = Transfer {
            bytes: u64::try_from(length).expect("a length fits"),
            crc32c: crc32c::crc32c(&bytes),
        };

        let up = storage
            .upload(&name, &from, &Cancel::new())
            .expect("upload");
        let down = storage
            .download(&name, &to, &Cancel::new())
            .expect("download");

        assert_eq!([up, down], [moved, moved], "{length} bytes");
        assert!(
            fs::read(&to).expect("read the file") == bytes,
            "{length} bytes came back changed"
        );
        let listed = storage.list("files/").expect("list");
        let listed = listed
            .iter()
            .find(|object| object.name == name)
            .expect("it is listed");
        assert_eq!(listed.bytes, moved.bytes);
        fs::remove_file(&to).expect("remove the file");
        assert_eq!(entries(directory.path()), ["from"]);
    }
}

/// Whenever a transfer is cancelled, it either was complete or leaves nothing.
///
/// # Panics
/// Where `storage` falls short.
pub fn a_cancelled_transfer_leaves_the_whole_object_or_nothing(storage: &dyn Storage) {
    let directory = tempfile::tempdir().expect("a directory");
    let from = directory.path().join("from");
    fs::write(&from, content(LARGE_BYTES)).expect("write the file");
    storage
        .upload("cancel/there", &from, &Cancel::new())
        .expect("upload");

    // From before the start to after the end; where in between depends on the machine, the outcome
    // does not.
    for spins in [0_u64, 1_000, 100_000, 1_000_000, 5_000_000] {
        let name = format!("cancel/{spins}");
        let up = cancelled_after(spins, |cancel| storage.upload(&name, &from, cancel));
        let object = storage
            .list("cancel/")
            .expect("list")
            .into_iter()
            .find(|it| it.name == name);
        match up {
            Ok(moved) => assert_eq!(object.expect("it was uploaded").bytes, moved.bytes),
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::Cancelled, "{error:?}");
                assert_eq!(object, None);
            }
        }

        let to = directory.path().join("to");
        match cancelled_after(spins, |cancel| {
            storage.download("cancel/there", &to, cancel)
        }) {
            Ok(_) => fs::remove_file(&to).expect("a whole download is there"),
            Err(error) => assert_eq!(error.kind(), ErrorKind::Cancelled, "{error:?}"),
        }
        assert_eq!(entries(directory.path()), ["from"]);
    }
}

/// A download of what does not exist is an error that names it; no file is left, and none is harmed.
///
/// # Panics
/// Where `storage` falls short.
pub fn a_failed_download_leaves_what_was_there(storage: &dyn Storage) {
    let directory = tempfile::tempdir().expect("a directory");
    let to = directory.path().join("to");

    let failed = storage.download("failed/missing", &to, &Cancel::new());
    let failed = failed.expect_err("download what does not exist");

    assert_eq!(failed.kind(), ErrorKind::Unavailable, "{failed:?}");
    assert!(failed.to_string().contains("failed/missing"), "{failed}");
    assert_eq!(entries(directory.path()), [""; 0]);
    let missing = storage.upload("failed/x", &to, &Cancel::new());
    let missing = missing.expect_err("upload what does not exist");
    assert!(missing.to_string().contains("to"), "{missing}");
    assert_eq!(storage.list("failed/").expect("list"), []);
}

/// Runs a transfer and cancels it from another thread after `spins` turns; 0 is before it starts.
fn cancelled_after<T>(spins: u64, transfer: impl FnOnce(&Cancel) -> T) -> T {
    let cancel = Cancel::new();
    if spins == 0 {
        cancel.cancel();
    }
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for _ in 0..spins {
                std::hint::spin_loop();
            }
            cancel.cancel();
        });
        transfer(&cancel)
    })
}

/// Bytes that differ from part to part.
fn content(length: usize) -> Vec<u8> {
    let mut state = 1_u32;
    let next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        state.to_be_bytes()[0]
    };
    std::iter::repeat_with(next).take(length).collect()
}

fn entries(directory: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(directory)
        .expect("read the directory")
        .map(|entry| {
            entry
                .expect("an entry")
                .file_name()
                .to_string_lossy()
                .into_owned()
        })
        .collect();
    names.sort_unstable();
    names
}

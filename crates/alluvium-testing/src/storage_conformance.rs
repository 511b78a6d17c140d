//! What every storage must do, as checks to run against one.
//!
//! Each function panics with what it found where a storage falls short. Each keeps to a folder of its
//! own, so that all may run against one storage, also at the same time, if the folder is empty at the
//! start. [`all`] runs every one.

#![expect(
    clippy::expect_used,
    reason = "a storage that falls short ends the test, saying where"
)]

use alluvium::storage::{PutOutcome, Storage};
use alluvium::{Error, ErrorKind};

pub use self::copies::{a_copy_of_nothing_names_it, copies_are_objects_of_their_own};
pub use self::files::{
    a_cancelled_transfer_leaves_the_whole_object_or_nothing,
    a_failed_download_leaves_what_was_there, files_come_back_as_they_went,
};

mod copies;
mod files;

/// Runs every check.
///
/// # Panics
/// Where `storage` falls short.
pub fn all(storage: &dyn Storage) {
    objects_read_back_and_are_replaced(storage);
    lists_are_sorted_and_match_whole_parts(storage);
    deleting_again_is_no_error(storage);
    one_creator_wins(storage);
    odd_names_are_kept(storage);
    names_that_mean_directories_are_refused(storage);
    files_come_back_as_they_went(storage);
    a_cancelled_transfer_leaves_the_whole_object_or_nothing(storage);
    a_failed_download_leaves_what_was_there(storage);
    copies_are_objects_of_their_own(storage);
    a_copy_of_nothing_names_it(storage);
}

/// What was put is what is got, empty objects included, and a second put replaces the first.
///
/// # Panics
/// Where `storage` falls short.
pub fn objects_read_back_and_are_replaced(storage: &dyn Storage) {
    assert_eq!(storage.get("put/x").expect("get a missing object"), None);

    for bytes in [&b"first"[..], b"", &[0xff; 70_000]] {
        storage.put("put/x", bytes).expect("put");

        assert_eq!(storage.get("put/x").expect("get").as_deref(), Some(bytes));
    }
}

/// Lists come sorted, with lengths and times, and a prefix stands for whole parts of names.
///
/// # Panics
/// Where `storage` falls short.
pub fn lists_are_sorted_and_match_whole_parts(storage: &dyn Storage) {
    for name in [
        "list/b/2",
        "list/bb/1",
        "list/b/10",
        "list/a",
        "list/b/c/d",
        "list/b.x",
    ] {
        storage.put(name, name.as_bytes()).expect("put");
    }
    let names = |prefix: &str| -> Vec<String> {
        storage
            .list(prefix)
            .expect("list")
            .into_iter()
            .map(|object| object.name)
            .collect()
    };

    assert_eq!(names("list/b/"), ["list/b/10", "list/b/2", "list/b/c/d"]);
    assert_eq!(names("list/b"), names("list/b/"));
    assert_eq!(
        names("list/"),
        [
            "list/a",
            "list/b.x",
            "list/b/10",
            "list/b/2",
            "list/b/c/d",
            "list/bb/1"
        ]
    );
    assert!(names("").is_sorted());
    assert!(names("").contains(&"list/a".to_owned()));
    assert_eq!(names("list/missing/"), [""; 0]);
    let objects = storage.list("list/b/c/").expect("list");
    let object = objects.first().expect("one object");
    assert_eq!(object.bytes, 10);
    assert!(
        object.modified_unix_millis > 0,
        "modified at {}",
        object.modified_unix_millis
    );
}

/// A deleted object is gone, its neighbors are not, and deleting it again succeeds.
///
/// # Panics
/// Where `storage` falls short.
pub fn deleting_again_is_no_error(storage: &dyn Storage) {
    storage.put("delete/one/x", b"x").expect("put");
    storage.put("delete/two/y", b"y").expect("put");

    for _ in 0..2 {
        storage.delete("delete/one/x").expect("delete");

        assert_eq!(storage.get("delete/one/x").expect("get"), None);
        assert_eq!(storage.list("delete/").expect("list").len(), 1);
    }
    storage
        .delete("delete/never/was")
        .expect("delete what never was");
    storage
        .put("delete/one/x", b"again")
        .expect("put where the last object of a folder was deleted");
    assert_eq!(
        storage.get("delete/one/x").expect("get").as_deref(),
        Some(&b"again"[..])
    );
}

/// Of many that create one object at the same time, exactly one wins, and its bytes stay.
///
/// # Panics
/// Where `storage` falls short.
#[expect(
    clippy::needless_collect,
    reason = "all must be started before one is waited for"
)]
pub fn one_creator_wins(storage: &dyn Storage) {
    const CREATORS: u8 = 8;
    const ROUNDS: u8 = 60;
    for round in 0..ROUNDS {
        let name = format!("create/{round}");
        let start = std::sync::Barrier::new(usize::from(CREATORS));
        let create = |creator: u8| {
            start.wait();
            storage.put_if_absent(&name, &[round, creator])
        };
        let told: Vec<_> = std::thread::scope(|scope| {
            let create = &create;
            let started: Vec<_> = (0..CREATORS)
                .map(|creator| scope.spawn(move || create(creator)))
                .collect();
            started
                .into_iter()
                .map(|creator| creator.join().expect("a creator"))
                .collect()
        });

        let found = storage
            .get(&name)
            .expect("get")
            .expect("one of them created it");
        for (told, creator) in told.into_iter().zip(0..) {
            let won = found == [round, creator];
            match told {
                Ok(PutOutcome::Created) => assert!(won, "round {round}: {creator} was overwritten"),
                // A winner may be told so: it reads the object back.
                Ok(PutOutcome::Exists) => {}
                Err(error) => assert_eq!(error.kind(), ErrorKind::Indeterminate, "{error:?}"),
            }
        }
        assert!(
            found.first() == Some(&round) && found.get(1) < Some(&CREATORS),
            "{found:?}"
        );
        let late = storage
            .put_if_absent(&name, b"late")
            .expect("put if absent");
        assert_eq!(late, PutOutcome::Exists);
        assert_eq!(storage.get(&name).expect("get"), Some(found));
    }
}

/// Names with unusual but legal characters read back and list as they were written.
///
/// # Panics
/// Where `storage` falls short.
pub fn odd_names_are_kept(storage: &dyn Storage) {
    let long = format!("odd/{}", "n".repeat(200));
    let odd = [
        "odd/ä ö/ü",
        "odd/a+b=c&d",
        "odd/-x",
        "odd/.hidden",
        "odd/x@y,z;(1)!$':~",
        &long,
    ];
    for name in odd {
        storage.put(name, name.as_bytes()).expect("put");
    }

    for name in odd {
        assert_eq!(
            storage.get(name).expect("get").as_deref(),
            Some(name.as_bytes()),
            "{name}"
        );
    }
    let mut sorted = odd.map(str::to_owned);
    sorted.sort_unstable();
    let listed: Vec<String> = storage
        .list("odd/")
        .expect("list")
        .into_iter()
        .map(|object| object.name)
        .collect();
    assert_eq!(listed, sorted);
}

/// Names that would leave the storage's root, or that no listing could give back, are invalid.
///
/// # Panics
/// Where `storage` falls short.
pub fn names_that_mean_directories_are_refused(storage: &dyn Storage) {
    let refused = |refused: Option<Error>, name: &str| {
        let refused = refused.expect("an error for a name that is not legal");
        assert_eq!(refused.kind(), ErrorKind::Invalid, "{name:?}: {refused:?}");
    };
    let names = ["", "/x", "x/", "x//y", "../x", "x/./y", "x\ny", "x#y"];
    for name in names {
        refused(storage.delete(name).err(), name);
    }
    // What is unfinished can be deleted, and nothing else.
    for name in names.into_iter().chain(["x#1"]) {
        refused(storage.put(name, b"").err(), name);
        refused(storage.put_if_absent(name, b"").err(), name);
        refused(storage.get(name).err(), name);
        refused(storage.copy(name, "x").err(), name);
        refused(storage.copy("x", name).err(), name);
    }
}

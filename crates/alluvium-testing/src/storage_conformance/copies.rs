//! Checks of copies from one object to another.

use alluvium::ErrorKind;
use alluvium::storage::Storage;

/// A copy has the bytes of its source, replaces what was there, and stays when the source goes.
///
/// # Panics
/// Where `storage` falls short.
pub fn copies_are_objects_of_their_own(storage: &dyn Storage) {
    for bytes in [&b"first"[..], b"", &[0xee; 70_000]] {
        storage.put("copy/a b/from", bytes).expect("put");

        storage
            .copy("copy/a b/from", "copy/to/x")
            .expect("copy, also over an earlier copy");

        assert_eq!(
            storage.get("copy/to/x").expect("get").as_deref(),
            Some(bytes)
        );
    }
    storage.put("copy/a b/from", b"replaced").expect("put");
    storage.delete("copy/a b/from").expect("delete");

    let copy = storage.get("copy/to/x").expect("get");
    assert_eq!(copy.map(|bytes| bytes.len()), Some(70_000));
    assert_eq!(storage.list("copy/").expect("list").len(), 1);
}

/// A copy of an object that does not exist is an error that names it, and makes no object.
///
/// # Panics
/// Where `storage` falls short.
pub fn a_copy_of_nothing_names_it(storage: &dyn Storage) {
    let failed = storage
        .copy("uncopied/missing", "uncopied/to")
        .expect_err("copy what does not exist");

    assert_eq!(failed.kind(), ErrorKind::Unavailable, "{failed:?}");
    assert!(failed.to_string().contains("uncopied/missing"), "{failed}");
    assert_eq!(storage.list("uncopied/").expect("list"), []);
}

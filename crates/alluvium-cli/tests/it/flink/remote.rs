//! Flink's snapshots in an object store.

use std::process::{Command, Output};

use alluvium_testing::s3::{BUCKET, S3Server};

use super::snapshot;

fn show(server: &S3Server, location: &str) -> Output {
    let settings = [
        ("AWS_ENDPOINT", server.endpoint()),
        ("AWS_ALLOW_HTTP", "true".to_owned()),
        ("AWS_REGION", "us-east-1".to_owned()),
        ("AWS_ACCESS_KEY_ID", "test".to_owned()),
        ("AWS_SECRET_ACCESS_KEY", "test".to_owned()),
    ];
    Command::new(env!("CARGO_BIN_EXE_alluvium"))
        .args(["flink", "show", location, "--output", "json"])
        .envs(settings)
        .output()
        .unwrap()
}

#[test]
fn a_snapshot_in_an_object_store_is_found_like_one_in_a_directory() {
    let server = S3Server::start().unwrap();
    let savepoint = "flink-2.3.0/hashmap/savepoints/canonical/savepoint-d2dd3f-31f0cf30d21c";
    let metadata = std::fs::read(snapshot(savepoint).join("_metadata")).unwrap();
    let storage = server.storage("flink/job").unwrap();
    storage.put("chk-9/_metadata", b"damaged").unwrap();
    storage.put("chk-25/_metadata", &metadata).unwrap();
    storage.put("shared/5dd1", b"table").unwrap();

    for location in [
        format!("s3://{BUCKET}/flink/job"),
        format!("s3a://{BUCKET}/flink/job/chk-25/"),
        format!("s3://{BUCKET}/flink/job/chk-25/_metadata"),
    ] {
        let ran = show(&server, &location);

        assert!(ran.status.success(), "{location}: {ran:?}");
        let shown: serde_json::Value = serde_json::from_slice(&ran.stdout).unwrap();
        assert_eq!(shown["checkpoint"], 25);
        assert_eq!(shown["folder"], format!("s3://{BUCKET}/flink/job/chk-25"));
    }
    let nothing = show(&server, &format!("s3://{BUCKET}/flink/job/shared"));
    let told = String::from_utf8(nothing.stderr).unwrap();
    assert_eq!(nothing.status.code(), Some(2), "{told}");
    assert!(told.contains("it holds 5dd1"), "{told}");
}

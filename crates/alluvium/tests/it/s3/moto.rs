//! Everything against moto, a server that speaks S3.
//!
//! It comes from PyPI (scripts/moto.sh). Where it cannot be had, the test says so on stderr and passes;
//! with `ALLUVIUM_S3=required` in the environment it fails instead.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

use alluvium::storage::Storage;

use super::assert_whole;

const BUCKET: &str = "alluvium";

#[test]
fn a_job_lives_on_a_server_that_speaks_s3() {
    match Moto::start() {
        Ok(moto) => assert_whole(|folder| moto.storage(folder)),
        Err(reason) if std::env::var_os("ALLUVIUM_S3").is_some_and(|it| it == "required") => {
            panic!("no server that speaks S3: {reason}")
        }
        // Past the test harness, which keeps what tests that pass have printed to itself.
        Err(reason) => writeln!(
            std::io::stderr(),
            "SKIPPED: a_job_lives_on_a_server_that_speaks_s3: {reason} (ALLUVIUM_S3=required makes this an error)"
        )
        .unwrap(),
    }
}

/// A running server with an empty bucket. It ends with its standard input, so with this process at the latest.
struct Moto {
    process: Child,
    address: String,
}

impl Moto {
    /// Starts one, or says why there is none.
    fn start() -> Result<Self, String> {
        let scripts = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scripts");
        let made = Command::new(scripts.join("moto.sh"))
            .output()
            .map_err(|error| format!("scripts/moto.sh: {error}"))?;
        if !made.status.success() {
            let said = String::from_utf8_lossy(&made.stderr);
            return Err(format!("scripts/moto.sh: {}", said.trim()));
        }
        let python = String::from_utf8_lossy(&made.stdout);
        let mut process = Command::new(python.trim())
            .arg(scripts.join("moto-server.py"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|error| format!("scripts/moto-server.py: {error}"))?;
        let mut port = String::new();
        let mut said = BufReader::new(process.stdout.take().unwrap());
        said.read_line(&mut port).unwrap();
        if port.is_empty() {
            return Err(format!(
                "scripts/moto-server.py: {}",
                process.wait().unwrap()
            ));
        }
        let address = format!("127.0.0.1:{}", port.trim());
        make_bucket(&address);
        Ok(Self { process, address })
    }

    fn storage(&self, folder: &str) -> Arc<dyn Storage> {
        alluvium_testing::s3::storage_at(&self.address, BUCKET, folder).unwrap()
    }
}

impl Drop for Moto {
    fn drop(&mut self) {
        drop(self.process.stdin.take());
        drop(self.process.wait());
    }
}

/// The one request that a storage never makes.
fn make_bucket(address: &str) {
    let mut stream = TcpStream::connect(address).unwrap();
    write!(
        stream,
        "PUT /{BUCKET} HTTP/1.1\r\nHost: {address}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.contains(" 200 "), "{answer}");
}

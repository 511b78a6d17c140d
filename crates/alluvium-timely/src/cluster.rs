//! Small pieces for running an attempt as several processes on one host.
//!
//! Timely's processes find each other by a file of addresses, `host:port`, one a line, and join with nothing but
//! their number. Each attempt therefore gets fresh ports: a process that is left of an older one cannot
//! join by mistake.

use std::net::TcpListener;
use std::path::Path;

use alluvium::{Error, ErrorKind, Result};

/// Addresses on this host's loopback interface that nobody listens on right now, one for each process.
///
/// # Errors
/// `Unavailable` when the system gives no port.
pub fn loopback_addresses(processes: usize) -> Result<Vec<String>> {
    let failed = |error| Error::io("find a free port on 127.0.0.1", error);
    // All are held until the last is found, so that no port is given twice.
    let listeners = (0..processes).map(|_| TcpListener::bind(("127.0.0.1", 0)));
    let listeners = listeners
        .collect::<std::io::Result<Vec<_>>>()
        .map_err(failed)?;
    let addresses = listeners
        .iter()
        .map(|listener| Ok(listener.local_addr()?.to_string()));
    addresses.collect::<std::io::Result<_>>().map_err(failed)
}

/// Writes the file of addresses that all processes of an attempt are told.
///
/// # Errors
/// `Unavailable` when the file cannot be written.
pub fn write_host_file(path: &Path, addresses: &[String]) -> Result<()> {
    std::fs::write(path, addresses.join("\n") + "\n")
        .map_err(|error| Error::io(format!("write {}", path.display()), error))
}

/// The engine's arguments for one process: its number, how many there are, where they are, and how many
/// workers each has.
///
/// # Errors
/// `Invalid` when the path of the host file is no text.
pub fn engine_arguments(
    process: usize,
    processes: usize,
    workers: usize,
    host_file: &Path,
) -> Result<Vec<String>> {
    let host_file = host_file.to_str().ok_or_else(|| {
        Error::new(
            ErrorKind::Invalid,
            format!("{} is not a path of text", host_file.display()),
        )
    })?;
    let (process, processes) = (process.to_string(), processes.to_string());
    let arguments = [
        "-w",
        &workers.to_string(),
        "-n",
        &processes,
        "-p",
        &process,
        "-h",
        host_file,
    ];
    Ok(arguments.map(str::to_owned).to_vec())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn each_process_gets_an_address_of_its_own() {
        let addresses = loopback_addresses(20).unwrap();

        assert!(
            addresses
                .iter()
                .all(|address| address.starts_with("127.0.0.1:"))
        );
        assert_eq!(BTreeSet::from_iter(addresses).len(), 20);
    }
}

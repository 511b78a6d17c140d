//! Where an export goes: standard output, or a file that has its name when it is whole.
//!
//! Until then it has a temporary name beside it, and is removed when it is dropped.

use std::io::{BufWriter, Stdout, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use tempfile::NamedTempFile;

/// Bytes collected before they are written: enough that calls to the system do not count.
const BUFFER_BYTES: usize = 256 << 10;

/// An export on its way.
#[derive(Debug)]
pub(crate) struct Destination {
    to: To,
    bytes: u64,
}

#[derive(Debug)]
enum To {
    Stdout(BufWriter<Stdout>),
    File(BufWriter<NamedTempFile>, PathBuf),
}

impl Destination {
    /// Standard output, or a file.
    ///
    /// # Errors
    /// When no file can be made in its directory.
    pub(crate) fn open(file: Option<&Path>) -> Result<Self> {
        let to = match file {
            None => To::Stdout(BufWriter::with_capacity(BUFFER_BYTES, std::io::stdout())),
            Some(path) => {
                let around = path
                    .parent()
                    .filter(|around| !around.as_os_str().is_empty());
                let temporary = temporary_file()
                    .tempfile_in(around.unwrap_or_else(|| Path::new(".")))
                    .with_context(|| format!("create {}", path.display()))?;
                let buffered = BufWriter::with_capacity(BUFFER_BYTES, temporary);
                To::File(buffered, path.to_owned())
            }
        };
        Ok(Self { to, bytes: 0 })
    }

    /// Gives a file its name, and returns how many bytes were written.
    ///
    /// # Errors
    /// When the device fails, or there is a file of that name by now; nothing is left then.
    pub(crate) fn finish(self) -> Result<u64> {
        match self.to {
            To::Stdout(mut out) => out.flush().context("write to stdout")?,
            To::File(buffered, path) => {
                let told = || format!("write {}", path.display());
                let file = buffered
                    .into_inner()
                    .map_err(std::io::IntoInnerError::into_error)
                    .with_context(told)?;
                file.as_file().sync_all().with_context(told)?;
                file.persist_noclobber(&path)
                    .map_err(|failed| failed.error)
                    .with_context(told)?;
            }
        }
        Ok(self.bytes)
    }
}

/// As any new file may be read, not as temporary ones may, since it stays.
fn temporary_file() -> tempfile::Builder<'static, 'static> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".alluvium-export-");
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    builder
}

impl Write for Destination {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let written = match &mut self.to {
            To::Stdout(out) => out.write(bytes),
            To::File(file, _) => file.write(bytes),
        }?;
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        match &mut self.to {
            To::Stdout(out) => out.flush(),
            To::File(file, _) => file.flush(),
        }
    }
}

//! Where objects are kept: from what a person writes to an open storage.
//!
//! A location is a path or a URL. It never holds credentials: it turns up in logs, in other
//! people's terminals and in messages. Credentials come from the environment, as each provider's own
//! tools name them; a location that holds some is refused without repeating them.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use object_store::ObjectStoreScheme as Scheme;
use object_store::local::LocalFileSystem;
use object_store::memory::InMemory;
use object_store::path::Path as ObjectPath;
use url::Url;

use super::failure::{Secrets, failed};
use super::{ObjectStorage, remote};
use crate::error::{Error, Result};
use crate::storage::Storage;

/// A cancelled upload is to return within a second, and providers can keep one waiting for minutes.
const REMOTE_CLEANUP_PATIENCE: Duration = Duration::from_millis(500);

/// Disks and memory do not hang, and a flush that has begun cannot be stopped.
const LOCAL_CLEANUP_PATIENCE: Duration = Duration::from_secs(60);

/// What a location may look like, for messages.
const KINDS: &str = "a path, file://, s3://, gs://, az://, http(s):// or memory://";

/// Opens the storage at `location`: a path, or a URL of one of these schemes.
///
/// | location | what | feature of this crate | settings from the environment |
/// |---|---|---|---|
/// | `/data/jobs`, `file:///data/jobs` | a directory, made if missing | | |
/// | `memory://` | memory of this process, empty each time | | |
/// | `s3://bucket/prefix` | S3 and what speaks its protocol | `aws` | `AWS_ACCESS_KEY_ID`, `AWS_ENDPOINT`, … |
/// | `gs://bucket/prefix` | Google Cloud Storage | `gcp` | `GOOGLE_SERVICE_ACCOUNT`, … |
/// | `az://container/prefix` | Azure Blob Storage | `azure` | `AZURE_STORAGE_ACCOUNT_NAME`, … |
/// | `https://host/prefix` | WebDAV; has no `put_if_absent`, so a catalog needs another kind | `http` | |
///
/// Without settings, a provider's machine role is asked for credentials. The providers' own
/// `https://` addresses of buckets work too. Plain `http://` endpoints of S3 need `AWS_ALLOW_HTTP=true`.
/// Nothing is sent yet, so a bucket that does not exist shows with the first call.
///
/// # Errors
/// `Invalid` when the location is of no known scheme, needs a feature that was not compiled in, holds
/// credentials, or contradicts the settings; `Unavailable` when a directory cannot be made.
pub fn open(location: &str) -> Result<Arc<dyn Storage>> {
    open_with(location, &[])
}

/// As [`open`], with settings of the provider by the names of their environment variables; they win over the environment.
///
/// # Errors
/// As [`open`].
pub fn open_with(location: &str, more: &[(&str, &str)]) -> Result<Arc<dyn Storage>> {
    if !is_url(location) {
        return in_directory(Path::new(location));
    }
    let told = without_secrets(location);
    let url = Url::parse(location)
        .map_err(|error| Error::invalid(format!("location {told} is not a URL: {error}")))?;
    refuse_credentials(&url, &told)?;
    let (scheme, _) = Scheme::parse(&url).map_err(|_unrecognized| unknown(&url, &told))?;
    let variables = match scheme {
        Scheme::Local => return in_directory(&file_path(&url, &told)?),
        Scheme::Memory => return Ok(in_memory()),
        Scheme::AmazonS3 => compiled_in(cfg!(feature = "aws"), "aws", "AWS_", &told)?,
        Scheme::GoogleCloudStorage => compiled_in(cfg!(feature = "gcp"), "gcp", "GOOGLE_", &told)?,
        Scheme::MicrosoftAzure => compiled_in(cfg!(feature = "azure"), "azure", "AZURE_", &told)?,
        Scheme::Http => compiled_in(cfg!(feature = "http"), "http", "", &told)?,
        _ => return Err(unknown(&url, &told)),
    };
    let mut settings = settings(&url, variables);
    // Later ones replace earlier ones.
    settings.extend(
        more.iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned())),
    );
    open_remote(&url, told, settings)
}

/// Opens the storage in a directory of this machine, which is made if it is missing.
///
/// Objects are files, flushed to the disk before a call returns.
///
/// # Errors
/// `Unavailable` when the directory cannot be made or is not a directory; `Invalid` when its path is empty.
pub fn in_directory(path: &Path) -> Result<Arc<dyn Storage>> {
    if path.as_os_str().is_empty() {
        return Err(Error::invalid(format!(
            "the location is empty; give {KINDS}"
        )));
    }
    let made = make_durably(path).and_then(|()| path.canonicalize());
    let directory =
        made.map_err(|error| Error::io(format!("open the directory {}", path.display()), error))?;
    let operation = || format!("open the directory {}", path.display());
    let secrets = Secrets::default();
    let store = LocalFileSystem::new_with_prefix(&directory)
        .map_err(|cause| failed(operation(), &cause, &secrets))?
        .with_fsync(true)
        .with_automatic_cleanup(true);
    let location = Url::from_directory_path(&directory)
        .map_or_else(|()| directory.display().to_string(), |url| url.to_string());
    Ok(Arc::new(ObjectStorage {
        store: Arc::new(store),
        root: ObjectPath::default(),
        location: location.trim_end_matches('/').to_owned(),
        secrets,
        directory: Some(directory),
        cleanup_patience: LOCAL_CLEANUP_PATIENCE,
    }))
}

/// Opens a new, empty storage in this process's memory. It ends with the last reference to it.
#[must_use]
pub fn in_memory() -> Arc<dyn Storage> {
    Arc::new(ObjectStorage {
        store: Arc::new(InMemory::new()),
        root: ObjectPath::default(),
        location: "memory://".to_owned(),
        secrets: Secrets::default(),
        directory: None,
        cleanup_patience: LOCAL_CLEANUP_PATIENCE,
    })
}

fn open_remote(
    url: &Url,
    location: String,
    settings: Vec<(String, String)>,
) -> Result<Arc<dyn Storage>> {
    choose_tls();
    let secrets = Secrets::among(&settings);
    let (store, root) = remote::connect(url, settings).map_err(|cause| {
        Error::invalid(format!(
            "open {location}: correct the location or its environment variables"
        ))
        .with_source(failed(
            "configure the object store".to_owned(),
            &cause,
            &secrets,
        ))
    })?;
    Ok(Arc::new(ObjectStorage {
        store: store.into(),
        root,
        location,
        secrets,
        directory: None,
        cleanup_patience: REMOTE_CLEANUP_PATIENCE,
    }))
}

/// Makes a directory, and has every new entry on the way to it survive a crash of the machine.
fn make_durably(path: &Path) -> std::io::Result<()> {
    let missing = |ancestor: &&Path| !ancestor.as_os_str().is_empty() && !ancestor.exists();
    let new: Vec<&Path> = path.ancestors().take_while(missing).collect();
    std::fs::create_dir_all(path)?;
    for made in new {
        let parent = match made.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent,
            _ => Path::new("."),
        };
        std::fs::File::open(parent)?.sync_all()?;
    }
    Ok(())
}

/// Whether it has a scheme: `file:x` and `memory:` are URLs too, `c:x` and `a/b:c` are paths.
fn is_url(location: &str) -> bool {
    location.contains("://") || location.starts_with("file:") || location.starts_with("memory:")
}

fn file_path(url: &Url, told: &str) -> Result<PathBuf> {
    url.to_file_path().map_err(|()| {
        Error::invalid(format!(
            "location {told} is not a path; write file:///absolute/path"
        ))
    })
}

fn unknown(url: &Url, told: &str) -> Error {
    let scheme = url.scheme();
    Error::invalid(format!(
        "location {told} is of no kind known here ({scheme}); give {KINDS}"
    ))
}

/// The start of the names of a provider's environment variables, if the provider is compiled in.
fn compiled_in(
    compiled: bool,
    feature: &str,
    variables: &'static str,
    told: &str,
) -> Result<&'static str> {
    if compiled {
        return Ok(variables);
    }
    Err(Error::invalid(format!(
        "location {told} needs the feature `{feature}` of the crate alluvium; build with it"
    )))
}

fn refuse_credentials(url: &Url, told: &str) -> Result<()> {
    // In `az://container@account/path` the part before the @ is the container.
    let names_a_user = matches!(url.scheme(), "http" | "https" | "s3" | "s3a" | "gs");
    let user = names_a_user && !url.username().is_empty();
    if user || url.password().is_some() || url.query().is_some() || url.fragment().is_some() {
        return Err(Error::invalid(format!(
            "location {told} was written with credentials, a query or a fragment; \
             put credentials into environment variables (AWS_…, GOOGLE_…, AZURE_…)"
        )));
    }
    Ok(())
}

/// The location with all that may be secret left out.
fn without_secrets(location: &str) -> String {
    let location = location.split(['?', '#']).next().unwrap_or_default();
    let Some((scheme, rest)) = location.split_once("://") else {
        return location.to_owned();
    };
    let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
    let container = ["az", "adl", "azure", "abfs", "abfss"].contains(&scheme);
    let authority = match authority.rsplit_once('@') {
        Some((user, host)) if container && !user.contains(':') => format!("{user}@{host}"),
        Some((_, host)) => host.to_owned(),
        None => authority.to_owned(),
    };
    format!("{scheme}://{authority}/{path}")
        .trim_end_matches('/')
        .to_owned()
}

/// The settings of a provider: its environment variables, by the start of their names.
fn settings(url: &Url, variables: &str) -> Vec<(String, String)> {
    if variables.is_empty() {
        // Who writes http:// has decided against TLS.
        let plain = url.scheme() == "http";
        return vec![("allow_http".to_owned(), plain.to_string())];
    }
    // `vars` would panic at a variable that is not Unicode.
    let unicode = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
    unicode
        .filter(|(name, value)| name.starts_with(variables) && !value.is_empty())
        .collect()
}

/// Has TLS done by `ring`, unless the program has chosen otherwise before.
fn choose_tls() {
    #[cfg(feature = "tls")]
    if rustls::crypto::CryptoProvider::get_default().is_none() {
        // Refused only where another thread chose in the meantime, which is as good.
        drop(rustls::crypto::ring::default_provider().install_default());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorKind;

    #[test]
    fn a_location_with_credentials_is_refused_without_repeating_them() {
        for location in [
            "s3://AKIA:hunter2@bucket/prefix",
            "https://hunter2@example.com/dav",
            "https://account.blob.core.windows.net/container?sig=hunter2",
            "az://user:hunter2@account/prefix",
            "s3://buck et:hunter2@x/",
        ] {
            let refused = open(location).unwrap_err();

            assert_eq!(refused.kind(), ErrorKind::Invalid, "{location}");
            assert!(!format!("{refused:?}").contains("hunter2"), "{refused:?}");
        }
    }

    #[test]
    fn an_unknown_scheme_names_the_known_ones() {
        let refused = open("ftp://host/dir").unwrap_err();

        assert_eq!(refused.kind(), ErrorKind::Invalid);
        assert!(refused.to_string().contains("ftp://host/dir"), "{refused}");
        assert!(refused.to_string().contains("s3://"), "{refused}");
    }

    #[test]
    #[cfg(not(feature = "aws"))]
    fn a_provider_that_was_not_compiled_in_names_its_feature() {
        let refused = open("s3://bucket/prefix").unwrap_err();

        assert_eq!(refused.kind(), ErrorKind::Invalid);
        assert!(refused.to_string().contains("feature `aws`"), "{refused}");
    }

    #[test]
    fn an_empty_location_and_a_file_in_the_way_are_errors_that_name_them() {
        let file = tempfile::NamedTempFile::new().unwrap();

        let empty = open("").unwrap_err();
        let in_the_way = open(file.path().to_str().unwrap()).unwrap_err();

        assert_eq!(empty.kind(), ErrorKind::Invalid);
        assert_eq!(in_the_way.kind(), ErrorKind::Unavailable);
        assert!(
            in_the_way
                .to_string()
                .contains(file.path().to_str().unwrap()),
            "{in_the_way}"
        );
    }

    #[test]
    fn a_path_and_its_url_open_the_same_directory() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("made/if missing");
        let url = Url::from_directory_path(&path).unwrap();

        open(path.to_str().unwrap())
            .unwrap()
            .put("x", b"1")
            .unwrap();
        let by_url = open(url.as_str()).unwrap();

        assert_eq!(by_url.get("x").unwrap().as_deref(), Some(&b"1"[..]));
        assert!(
            by_url.location().starts_with("file:///"),
            "{}",
            by_url.location()
        );
    }
}

//! Clients of the providers, and how long they try.
//!
//! A client repeats a request that the provider refused with a server error, or whose connection broke, so that one lost
//! request does not begin a large file anew: [`REQUEST_REPEATS_MAX`] times within [`REQUEST_REPEATS_TIME`]. The client's own
//! defaults (ten times, three minutes) would multiply with the attempts of a whole transfer, which
//! [`Options`](crate::Options) bounds. One request may take the client's 30 seconds; a download that is cut off goes on where it was.
//!
//! What is sent is checked on arrival: requests to S3 are signed together with the SHA-256 of their body, which S3
//! compares. So no further checksum is sent by default; `AWS_CHECKSUM_ALGORITHM` adds one that S3 also stores.

use object_store::path::Path as ObjectPath;
use object_store::{Error as StoreError, ObjectStore, ObjectStoreScheme as Scheme};
use url::Url;

/// Repeats of one request at the most.
#[cfg(feature = "tls")]
const REQUEST_REPEATS_MAX: usize = 3;

/// No request is repeated later than this after it was first made.
#[cfg(feature = "tls")]
const REQUEST_REPEATS_TIME: std::time::Duration = std::time::Duration::from_secs(10);

/// The longest pause between two repeats. The first is 100 ms.
#[cfg(feature = "tls")]
const REQUEST_PAUSE_MAX: std::time::Duration = std::time::Duration::from_secs(2);

#[cfg(feature = "tls")]
fn repeats() -> object_store::RetryConfig {
    let mut repeats = object_store::RetryConfig {
        max_retries: REQUEST_REPEATS_MAX,
        retry_timeout: REQUEST_REPEATS_TIME,
        ..object_store::RetryConfig::default()
    };
    repeats.backoff.max_backoff = REQUEST_PAUSE_MAX;
    repeats
}

/// A client of the provider at `url`, and the path of its root there. Settings that the provider does not know are
/// left out: the environment has others that begin alike.
pub(super) fn connect(
    url: &Url,
    settings: Vec<(String, String)>,
) -> Result<(Box<dyn ObjectStore>, ObjectPath), StoreError> {
    let (scheme, root) = Scheme::parse(url)?;
    Ok((client(&scheme, url, settings)?, root))
}

/// A builder with all settings that it knows.
#[cfg(feature = "tls")]
macro_rules! configured {
    ($builder:ty, $url:expr, $settings:expr) => {{
        let builder = <$builder>::new()
            .with_url($url.to_string())
            .with_retry(repeats());
        let known = $settings
            .into_iter()
            .fold(builder, |builder, (name, value)| {
                match name.to_ascii_lowercase().parse() {
                    Ok(name) => builder.with_config(name, value),
                    Err(_) => builder,
                }
            });
        Ok(Box::new(known.build()?))
    }};
}

fn client(
    scheme: &Scheme,
    url: &Url,
    settings: Vec<(String, String)>,
) -> Result<Box<dyn ObjectStore>, StoreError> {
    match scheme {
        #[cfg(feature = "aws")]
        Scheme::AmazonS3 => configured!(object_store::aws::AmazonS3Builder, url, settings),
        #[cfg(feature = "gcp")]
        Scheme::GoogleCloudStorage => {
            configured!(object_store::gcp::GoogleCloudStorageBuilder, url, settings)
        }
        #[cfg(feature = "azure")]
        Scheme::MicrosoftAzure => {
            configured!(object_store::azure::MicrosoftAzureBuilder, url, settings)
        }
        #[cfg(feature = "http")]
        Scheme::Http => {
            let host = &url[..url::Position::BeforePath];
            configured!(object_store::http::HttpBuilder, host, settings)
        }
        _ => {
            drop(settings);
            Err(StoreError::Generic {
                store: "location",
                source: format!("{url} is of a kind that was not compiled in").into(),
            })
        }
    }
}

//! Objects: what AWS puts into a bucket of the deployment.

#[cfg(feature = "objects")]
use crate::Sdk;
use std::future::Future;
use std::pin::Pin;

/// The objects of a bucket.
pub trait Objects: Send + Sync {
    /// The text of an object; `None` where there is none of this key.
    fn read<'a>(&'a self, key: &'a str) -> Pin<Box<dyn Future<Output = Result<Option<String>, ObjectsError>> + Send + 'a>>;
}

/// An object could not be read.
#[derive(Debug, thiserror::Error)]
#[error("the object is out of reach: {0}")]
pub struct ObjectsError(pub String);

/// A bucket of S3. The SDK's client for it is the largest of all and would be used for one call, so the address is signed and asked
/// by the connection that is there.
#[cfg(feature = "objects")]
pub struct Bucket {
    sdk: Sdk,
    name: String,
}

/// How long an address is good that was signed for one call.
#[cfg(feature = "objects")]
const SIGNED_FOR: std::time::Duration = std::time::Duration::from_secs(60);

#[cfg(feature = "objects")]
impl Bucket {
    /// The bucket of this name.
    pub fn new(sdk: &Sdk, name: &str) -> Self {
        Self { sdk: sdk.clone(), name: name.to_owned() }
    }

    /// The signed address of an object.
    async fn address(&self, key: &str) -> Result<String, ObjectsError> {
        use aws_credential_types::provider::ProvideCredentials;
        use rusty_s3::{Bucket, Credentials, S3Action, UrlStyle};
        let failed = |cause: &dyn std::fmt::Display| ObjectsError(cause.to_string());
        let config = self.sdk.config();
        let region = config.region().map(ToString::to_string).unwrap_or_default();
        let provider = config.credentials_provider().ok_or_else(|| ObjectsError("there are no credentials".to_owned()))?;
        let credentials = provider.provide_credentials().await.map_err(|error| failed(&error))?;
        let (id, secret) = (credentials.access_key_id(), credentials.secret_access_key());
        let credentials = match credentials.session_token() {
            Some(token) => Credentials::new_with_token(id, secret, token),
            None => Credentials::new(id, secret),
        };
        let (endpoint, style) = match config.endpoint_url() {
            Some(endpoint) => (endpoint.to_owned(), UrlStyle::Path),
            None => {
                let suffix = std::env::var(crate::partition::SUFFIX).unwrap_or_else(|_| "amazonaws.com".to_owned());
                (format!("https://s3.{region}.{suffix}"), UrlStyle::VirtualHost)
            }
        };
        let endpoint = endpoint.parse().map_err(|error| failed(&error))?;
        let bucket = Bucket::new(endpoint, style, self.name.clone(), region).map_err(|error| failed(&error))?;
        Ok(bucket.get_object(Some(&credentials), key).sign(SIGNED_FOR).to_string())
    }
}

#[cfg(feature = "objects")]
impl Objects for Bucket {
    fn read<'a>(&'a self, key: &'a str) -> Pin<Box<dyn Future<Output = Result<Option<String>, ObjectsError>> + Send + 'a>> {
        Box::pin(async move { crate::connection::get(&self.address(key).await?).await.map_err(|error| ObjectsError(error.to_string())) })
    }
}

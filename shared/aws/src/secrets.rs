//! Secrets: the one that holds the signing keys.

#[cfg(feature = "secrets")]
use crate::Sdk;
use std::future::Future;
use std::pin::Pin;

/// Reads and writes the deployment's secret.
pub trait Secrets: Send + Sync {
    /// The secret's text; `None` before it was written.
    fn read(&self) -> Pin<Box<dyn Future<Output = Result<Option<String>, SecretsError>> + Send + '_>>;
    /// Replaces the secret's text.
    fn write(&self, text: String) -> Pin<Box<dyn Future<Output = Result<(), SecretsError>> + Send + '_>>;
}

/// The secret could not be read or written.
#[derive(Debug, thiserror::Error)]
#[error("the secret is out of reach: {0}")]
pub struct SecretsError(pub String);

/// The secret of this ARN in Secrets Manager.
#[cfg(feature = "secrets")]
#[derive(Debug, Clone)]
pub struct SecretsManager {
    client: aws_sdk_secretsmanager::Client,
    arn: String,
}

#[cfg(feature = "secrets")]
impl SecretsManager {
    /// The secret of this ARN.
    pub fn new(sdk: &Sdk, arn: &str) -> Self {
        Self { client: aws_sdk_secretsmanager::Client::new(sdk.config()), arn: arn.to_owned() }
    }
}

#[cfg(feature = "secrets")]
impl Secrets for SecretsManager {
    fn read(&self) -> Pin<Box<dyn Future<Output = Result<Option<String>, SecretsError>> + Send + '_>> {
        Box::pin(async move {
            use aws_sdk_secretsmanager::operation::get_secret_value::GetSecretValueError;
            match self.client.get_secret_value().secret_id(&self.arn).send().await {
                Ok(answer) => Ok(answer.secret_string),
                // A secret without a value yet: between its creation and the bootstrap.
                Err(error) if matches!(error.as_service_error(), Some(GetSecretValueError::ResourceNotFoundException(_))) => Ok(None),
                Err(error) => Err(SecretsError(format!("{error:?}"))),
            }
        })
    }

    fn write(&self, text: String) -> Pin<Box<dyn Future<Output = Result<(), SecretsError>> + Send + '_>> {
        Box::pin(async move {
            let sent = self.client.put_secret_value().secret_id(&self.arn).secret_string(text).send().await;
            sent.map(|_| ()).map_err(|error| SecretsError(format!("{error:?}")))
        })
    }
}

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
pub struct SecretsManager {
    client: crate::OnUse<aws_sdk_secretsmanager::Client>,
    arn: String,
}

#[cfg(feature = "secrets")]
impl SecretsManager {
    /// The secret of this ARN.
    pub fn new(sdk: &Sdk, arn: &str) -> Self {
        Self { client: sdk.on_use(aws_sdk_secretsmanager::Client::new), arn: arn.to_owned() }
    }
}

#[cfg(feature = "secrets")]
impl Secrets for SecretsManager {
    fn read(&self) -> Pin<Box<dyn Future<Output = Result<Option<String>, SecretsError>> + Send + '_>> {
        Box::pin(async move {
            use aws_sdk_secretsmanager::operation::get_secret_value::GetSecretValueError;
            match self.client.get_secret_value().secret_id(&self.arn).send().await {
                // Bytes are no text of ours, and not nothing that may be overwritten.
                // A text is never empty, but where an emulator shows a secret without a value so.
                Ok(answer) => answer
                    .secret_string
                    .map(|text| Some(text).filter(|text| !text.is_empty()))
                    .ok_or_else(|| SecretsError(format!("{} holds bytes, not text", self.arn))),
                // A secret without a value yet: between its creation and the bootstrap.
                Err(error) if matches!(error.as_service_error(), Some(GetSecretValueError::ResourceNotFoundException(_))) => Ok(None),
                Err(error) => Err(SecretsError(crate::cause(&error))),
            }
        })
    }

    fn write(&self, text: String) -> Pin<Box<dyn Future<Output = Result<(), SecretsError>> + Send + '_>> {
        Box::pin(async move {
            let sent = self.client.put_secret_value().secret_id(&self.arn).secret_string(text).send().await;
            sent.map(|_| ()).map_err(|error| SecretsError(crate::cause(&error)))
        })
    }
}

/// The secret in a file that only its owner may read: the embedded run, and `cargo lambda watch`
/// on its store.
#[derive(Debug, Clone)]
pub struct SecretFile(pub std::path::PathBuf);

impl Secrets for SecretFile {
    fn read(&self) -> Pin<Box<dyn Future<Output = Result<Option<String>, SecretsError>> + Send + '_>> {
        Box::pin(async move {
            match std::fs::read_to_string(&self.0) {
                Ok(text) => Ok(Some(text)),
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
                Err(error) => Err(SecretsError(format!("{}: {error}", self.0.display()))),
            }
        })
    }

    fn write(&self, text: String) -> Pin<Box<dyn Future<Output = Result<(), SecretsError>> + Send + '_>> {
        Box::pin(async move {
            use std::io::Write;
            let mut options = std::fs::OpenOptions::new();
            options.write(true).create(true).truncate(true);
            #[cfg(unix)]
            std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
            // Beside it first: whoever is stopped in the middle leaves the old one whole.
            let fresh = self.0.with_extension("new");
            let written = options.open(&fresh).and_then(|mut file| file.write_all(text.as_bytes()).and_then(|()| file.sync_all()));
            let written = written.and_then(|()| std::fs::rename(&fresh, &self.0));
            written.map_err(|error| SecretsError(format!("{}: {error}", self.0.display())))
        })
    }
}

#[cfg(all(test, feature = "secrets"))]
mod tests {
    use super::*;
    use aws_smithy_runtime_api::client::http::{HttpConnector, HttpConnectorFuture, SharedHttpConnector, http_client_fn};
    use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
    use aws_smithy_runtime_api::client::result::ConnectorError;
    use aws_smithy_types::body::SdkBody;
    use std::time::Duration;

    /// Answers with half a secret.
    #[derive(Debug)]
    struct Garbled;

    impl HttpConnector for Garbled {
        fn call(&self, _: HttpRequest) -> HttpConnectorFuture {
            let body = SdkBody::from(r#"{"SecretString": "hunter2"#);
            let answer = 200.try_into().map(|status| HttpResponse::new(status, body));
            HttpConnectorFuture::ready(answer.map_err(|error| ConnectorError::user(Box::new(error))))
        }
    }

    #[tokio::test]
    async fn an_error_does_not_repeat_the_answer() {
        let connector = SharedHttpConnector::new(Garbled);
        let sdk = Sdk::local(http_client_fn(move |_, _| connector.clone()));
        let error = SecretsManager::new(&sdk, "some").read().await.expect_err("garbled").to_string();
        assert!(!error.contains("hunter2"), "{error}");
    }

    /// Never answers.
    #[derive(Debug)]
    struct Silent;

    impl HttpConnector for Silent {
        fn call(&self, _: HttpRequest) -> HttpConnectorFuture {
            HttpConnectorFuture::new(std::future::pending())
        }
    }

    #[tokio::test]
    async fn all_attempts_of_a_call_end_in_time() {
        let connector = SharedHttpConnector::new(Silent);
        let client = http_client_fn(move |_, _| connector.clone());
        let patience = crate::Patience { attempt: Duration::from_millis(60), call: Duration::from_millis(100) };
        let credentials = aws_credential_types::Credentials::new("a", "b", None, None, "test");
        let sdk = Sdk::new(client, "nowhere-1", credentials, Some("http://127.0.0.1"), patience);
        let ended = tokio::time::timeout(Duration::from_secs(5), SecretsManager::new(&sdk, "some").read()).await;
        ended.expect("in time").expect_err("nobody answered");
    }
}

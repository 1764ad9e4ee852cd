//! Wires the unsubscribe routes to Lambda.

use std::sync::Arc;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    let sdk = edge::lambda::sdk()?;
    let mut app = edge::lambda::app(&sdk)?;
    if let Ok(path) = std::env::var("SECRET_FILE") {
        app = app.with_secrets(Arc::new(aws::SecretFile(path.into())));
    } else if let Ok(arn) = std::env::var("SECRET_ARN") {
        app = app.with_secrets(Arc::new(aws::SecretsManager::new(&sdk, &arn)));
    }
    edge::lambda::serve(app, unsubscribe::routes()).await
}

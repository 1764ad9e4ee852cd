//! Wires the unsubscribe routes to Lambda.

use std::sync::Arc;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    let sdk = edge::lambda::sdk()?;
    let mut app = edge::lambda::app(&sdk)?;
    if let Ok(path) = std::env::var("LINKS_SECRET_FILE") {
        app = app.with_links(Arc::new(aws::SecretFile(path.into())));
    } else if let Ok(arn) = std::env::var("LINKS_SECRET_ARN") {
        app = app.with_links(Arc::new(aws::SecretsManager::new(&sdk, &arn)));
    }
    edge::lambda::serve(app, unsubscribe::routes()).await
}

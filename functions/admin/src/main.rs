//! Wires the operations routes to Lambda.

use std::sync::Arc;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    let sdk = edge::lambda::sdk()?;
    let queues = Arc::new(messaging::Sqs::from_environment(&sdk));
    edge::lambda::serve(edge::lambda::app(&sdk)?.with_queues(queues), admin::routes()).await
}

//! Runs the bootstrap on Lambda.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    workers::lambda::serve_bootstrap().await
}

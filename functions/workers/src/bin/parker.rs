//! Runs who parks dead letters on Lambda.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    workers::lambda::serve_parker().await
}

//! Runs one of the workers in the background on Lambda.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    workers::lambda::serve_background().await
}

//! Runs who sends what customers are told on Lambda.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    workers::lambda::serve_messenger().await
}

//! Runs who tells users what concerns them on Lambda.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    workers::lambda::serve_notify().await
}

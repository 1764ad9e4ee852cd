//! Wires the leads routes to Lambda.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    let app = api::lambda::app(&aws::Sdk::from_environment()?)?;
    api::lambda::serve(app, leads::routes()).await
}

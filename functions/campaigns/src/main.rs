//! Wires the campaigns routes to Lambda.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    let app = edge::lambda::app(&edge::lambda::sdk()?)?;
    edge::lambda::serve(app, campaigns::routes()).await
}

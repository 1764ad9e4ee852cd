//! Wires the docs routes to Lambda.

use std::sync::Arc;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    let sdk = edge::lambda::sdk()?;
    let app = edge::lambda::app(&sdk)?.with_queues(Arc::new(messaging::Sqs::from_environment(&sdk)));
    let app = match std::env::var("BUS_NAME") {
        Ok(bus) => {
            let sends_mail = app.config.mail_from.is_some();
            app.with_probes(messaging::Probes::of_account(&sdk, &bus, sends_mail))
        }
        // It is given to `ready` alone.
        Err(_) => app,
    };
    let unknown = std::env::var("_HANDLER").is_ok_and(|handler| handler == docs::unknown::NAME);
    edge::lambda::serve(app, if unknown { docs::unknown::routes() } else { docs::routes() }).await
}

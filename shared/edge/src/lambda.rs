//! Running routes on Lambda, or under `cargo lambda watch`.

use crate::identity::Access;
use crate::route::Route;
use crate::router::Router;
use application::App;
use application::Config;
use application::clock::Clock;
use lambda_http::aws_lambda_events::apigw::ApiGatewayV2httpResponse;
use lambda_http::request::LambdaRequest;
use lambda_http::{Body, Error, LambdaEvent, Request, RequestExt, Response, service_fn};
use store::Store;

/// The clients of AWS as the environment describes them, and the log. What is wrong is logged, as with [`app`]: a function
/// calls nothing before.
pub fn sdk() -> Result<aws::Sdk, Error> {
    application::log::start();
    logged(aws::Sdk::from_environment().map_err(Error::from))
}

/// The application as the environment describes it: the table named by `TABLE_NAME`. What is wrong with it is logged.
pub fn app(sdk: &aws::Sdk) -> Result<App, Error> {
    logged(described(sdk))
}

fn logged<T>(started: Result<T, Error>) -> Result<T, Error> {
    started.inspect_err(|wrong| application::log::fault("start", &wrong.to_string()))
}

fn described(sdk: &aws::Sdk) -> Result<App, Error> {
    let table = std::env::var("TABLE_NAME").map_err(|_| "TABLE_NAME is not set")?;
    Ok(App::new(Store::new(sdk, &table), Clock::system(), Config::from_environment()?))
}

/// Serves the route that `_HANDLER` names, with the one that reads what it changes; or all of them where it
/// names none of these (as under `cargo lambda watch`, which leaves it unset).
pub async fn serve(app: App, routes: Vec<Route>) -> Result<(), Error> {
    application::metric::start();
    let wanted = std::env::var("_HANDLER").unwrap_or_default();
    let served = match routes.iter().find(|route| route.name == wanted) {
        Some(named) => routes.iter().filter(|route| route.name == wanted || route.reads_for(named)).cloned().collect(),
        None => routes,
    };
    let needs_table = served.iter().any(|route| route.access != Access::Public || !route.actions.is_empty());
    let router = logged(Router::new(served).map_err(Error::from))?;
    // The table is asked once during init, so that the first request finds the connection open.
    if needs_table {
        app.prepare();
        if application::config::warms_up() {
            // Who asks while the table does not answer is told so, which a function that cannot start does not.
            app.warm_up().await.unwrap_or_else(|error| {
                application::log::fault(&wanted, &error.to_string());
                // A canary that cannot reach its table is no good.
                application::metric::count_fault();
            });
        }
    }
    let (app, router) = (&app, &router);
    let answer = service_fn(move |event: LambdaEvent<LambdaRequest>| async move {
        let request = Request::from(event.payload).with_lambda_context(event.context);
        Ok::<_, Error>(reply(router.answer(app, request).await))
    });
    lambda_http::lambda_runtime::run(answer).await
}

/// The response as API Gateway takes it. `lambda_http::run` would make the same of it, and bring tables of
/// every character encoding to do so; the router has told text from bytes already.
fn reply(response: Response<Body>) -> ApiGatewayV2httpResponse {
    let (parts, body) = response.into_parts();
    let mut reply = ApiGatewayV2httpResponse::default();
    reply.status_code = parts.status.as_u16().into();
    reply.headers = parts.headers;
    reply.is_base64_encoded = matches!(body, Body::Binary(_));
    reply.body = Some(if matches!(body, Body::Empty) { Body::Text(String::new()) } else { body });
    reply
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn replied(response: http::response::Builder, body: Body) -> serde_json::Value {
        serde_json::to_value(reply(response.body(body).expect("a response"))).expect("JSON")
    }

    #[test]
    fn text_is_sent_as_it_is_and_bytes_as_base64() {
        let made = || Response::builder().status(201).header("x-request-id", "1");
        let reply = |body, is_base64| json!({"statusCode": 201, "headers": {"x-request-id": "1"}, "multiValueHeaders": {}, "body": body, "isBase64Encoded": is_base64, "cookies": []});
        assert_eq!(replied(made(), Body::Text("{\"a\":1}".into())), reply("{\"a\":1}", false));
        assert_eq!(replied(made(), Body::Binary(vec![0x1f, 0x8b])), reply("H4s=", true));
        assert_eq!(replied(made(), Body::Empty), reply("", false));
    }
}

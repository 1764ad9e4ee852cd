//! The AWS SDK's way into the database: an HTTP client that answers in process.

use crate::dispatch::{self, Answer};
use crate::hooks::{Fault, Operation};
use crate::table::Table;
use aws::{OnUse, Sdk};
use aws_sdk_dynamodb::config::endpoint::{Endpoint, EndpointFuture, Params, ResolveEndpoint};
use aws_sdk_dynamodb::{Client, Config};
use aws_smithy_runtime_api::client::auth::AuthSchemeId;
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use bytes::Bytes;
use http_body_util::BodyExt;
use serde_json::{Value, json};

const TARGET_PREFIX: &str = "DynamoDB_20120810.";

/// How the SDK calls that a request is not signed
/// (<https://docs.rs/aws-smithy-runtime/latest/aws_smithy_runtime/client/auth/no_auth/constant.NO_AUTH_SCHEME_ID.html>).
const NO_AUTH: AuthSchemeId = AuthSchemeId::new("noAuth");

/// The table is in this process: no address is worked out.
#[derive(Debug)]
struct Here;

impl ResolveEndpoint for Here {
    fn resolve_endpoint<'a>(&'a self, _: &'a Params) -> EndpointFuture<'a> {
        EndpointFuture::ready(Ok(Endpoint::builder().url("http://127.0.0.1").build()))
    }
}

/// The SDK's client of a table in this process: nothing is signed. It is made when it is first used.
pub(crate) fn client(table: &Table) -> OnUse<Client> {
    let connection = table.http_client();
    OnUse::new(Box::new(move || unsigned(connection)))
}

fn unsigned(connection: SharedHttpClient) -> Client {
    let config = Config::from(Sdk::local(connection).config()).to_builder();
    Client::from_conf(config.endpoint_resolver(Here).allow_no_auth().auth_scheme_preference([NO_AUTH]).build())
}

/// Answers SDK requests from one [`Table`].
#[derive(Debug, Clone)]
pub(crate) struct Connector {
    table: Table,
}

impl Connector {
    pub(crate) fn new(table: Table) -> Self {
        Self { table }
    }
}

impl HttpClient for Connector {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl HttpConnector for Connector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let table = self.table.clone();
        HttpConnectorFuture::new(async move { serve(&table, request).await })
    }
}

async fn serve(table: &Table, request: HttpRequest) -> Result<HttpResponse, ConnectorError> {
    let name = request.headers().get("x-amz-target").and_then(|target| target.strip_prefix(TARGET_PREFIX)).unwrap_or_default().to_owned();
    let body = match request.body().bytes() {
        Some(body) => Bytes::copy_from_slice(body),
        None => request.into_body().collect().await.map_err(ConnectorError::user)?.to_bytes(),
    };
    response(answer(table, name, body).await?)
}

async fn answer(table: &Table, name: String, body: Bytes) -> Result<Answer, ConnectorError> {
    if let Some(turn) = &table.turn {
        turn().await;
    }
    let hooked = table.before.is_some() || table.after.is_some();
    let mut operation = hooked.then(|| Operation::new(&name, &body));
    if let (Some(before), Some(operation)) = (&table.before, &operation)
        && let Err(fault) = before(operation)
    {
        return refused(fault);
    }
    let changes = dispatch::writes(&name);
    let answer = table.carry_out(&name, body).await.map_err(|error| ConnectorError::other(error.into(), None))?;
    if changes && answer.status == 200 {
        table.wake();
    }
    if let (Some(after), Some(operation)) = (&table.after, &mut operation) {
        operation.status = Some(answer.status);
        if let Err(fault) = after(operation) {
            return refused(fault);
        }
    }
    if let Some(token) = &answer.token {
        table.unheard().heard(token);
    }
    Ok(answer)
}

fn refused(fault: Fault) -> Result<Answer, ConnectorError> {
    match fault {
        Fault::Answer { status, code, message } => Ok(Answer::error(status, &code, &message)),
        Fault::Cancelled { reasons } => Ok(cancelled(&reasons)),
        Fault::Lost => Err(ConnectorError::io("the connection was lost".into())),
        Fault::TimedOut => Err(ConnectorError::timeout("no answer in time".into())),
    }
}

fn cancelled(reasons: &[String]) -> Answer {
    let codes: Vec<Value> = reasons.iter().map(|code| json!({ "Code": code })).collect();
    let body = json!({
        "__type": "com.amazonaws.dynamodb.v20120810#TransactionCanceledException",
        "Message": format!("Transaction cancelled, specific reasons [{}]", reasons.join(", ")),
        "CancellationReasons": codes,
    });
    Answer { body: body.to_string().into_bytes(), ..Answer::error(400, "TransactionCanceledException", "") }
}

fn response(answer: Answer) -> Result<HttpResponse, ConnectorError> {
    let status = answer.status.try_into().map_err(|error| ConnectorError::other(Box::new(error), None))?;
    let mut response = HttpResponse::new(status, SdkBody::from(answer.body));
    let headers = response.headers_mut();
    headers.insert("content-type", "application/x-amz-json-1.0");
    headers.insert("x-amzn-requestid", "local");
    Ok(response)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use aws_smithy_runtime_api::client::http::http_client_fn;
    use std::sync::{Arc, Mutex};

    #[derive(Debug, Clone, Default)]
    struct Seen(Arc<Mutex<Vec<String>>>);

    impl HttpConnector for Seen {
        fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
            let names = request.headers().iter().map(|(name, _)| name.to_lowercase());
            self.0.lock().unwrap().extend(names);
            HttpConnectorFuture::ready(response(Answer { status: 200, body: b"{}".to_vec(), token: None }))
        }
    }

    #[tokio::test]
    async fn what_stays_in_the_process_is_not_signed() {
        let seen = Seen::default();
        let connector = SharedHttpConnector::new(seen.clone());
        let client = unsigned(http_client_fn(move |_, _| connector.clone()));
        let key = aws_sdk_dynamodb::types::AttributeValue::S("a".into());
        client.get_item().table_name("t").key("pk", key).send().await.unwrap();
        let names = seen.0.lock().unwrap().clone();
        assert!(names.contains(&"x-amz-target".to_owned()) && !names.contains(&"authorization".to_owned()), "{names:?}");
    }
}

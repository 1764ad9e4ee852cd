//! A request as API Gateway sends it to a function, payload format 2.0
//! (<https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html>).

use serde_json::{Map, Value, json};

/// What a request is made of.
pub(super) struct Ask<'a> {
    pub method: &'a str,
    /// The path as the route declares it, `/api/v1` included.
    pub route: &'a str,
    /// The path as it was called.
    pub path: &'a str,
    pub path_parameters: Map<String, Value>,
    pub query: &'a str,
    pub headers: Vec<(&'a str, String)>,
    pub body: Option<&'a Value>,
}

/// The event. When it is and which request it is are always the same, so that it can be compared.
pub(super) fn event(ask: &Ask) -> Value {
    let key = format!("{} {}", ask.method, ask.route);
    let mut headers = json!({"accept": "application/json", "host": "api.example.com", "user-agent": "curl/8.7.1", "x-forwarded-for": "203.0.113.7"});
    for (name, value) in &ask.headers {
        headers[*name] = json!(value);
    }
    let mut event = json!({
        "version": "2.0",
        "routeKey": key,
        "rawPath": ask.path,
        "rawQueryString": ask.query,
        "requestContext": {
            "accountId": "123456789012",
            "apiId": "api",
            "domainName": "api.example.com",
            "domainPrefix": "api",
            "http": {"method": ask.method, "path": ask.path, "protocol": "HTTP/1.1", "sourceIp": "203.0.113.7", "userAgent": "curl/8.7.1"},
            "requestId": "JKJaXmPLvHcESHA=",
            "routeKey": key,
            "stage": "$default",
            "time": "01/Sep/2025:10:30:00 +0000",
            "timeEpoch": 1_756_722_600_000_i64,
        },
        "isBase64Encoded": false,
    });
    if !ask.query.is_empty() {
        let pairs = ask.query.split('&').filter_map(|pair| pair.split_once('='));
        event["queryStringParameters"] = pairs.map(|(name, value)| (name.to_owned(), json!(value))).collect::<Map<_, _>>().into();
    }
    if !ask.path_parameters.is_empty() {
        event["pathParameters"] = ask.path_parameters.clone().into();
    }
    if let Some(body) = ask.body {
        headers["content-type"] = json!("application/json");
        event["body"] = json!(body.to_string());
    }
    event["headers"] = headers;
    event
}

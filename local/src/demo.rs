//! Demo data: a small company to look around in, made through the API itself.

use crate::Embedded;
use bytes::Bytes;
use domain::input::TextValue;
use domain::password::Password;
use domain::value::Email;
use lambda_http::Body;
use serde_json::{Value, json};

/// The password of every demo account.
pub const PASSWORD: &str = "demo-password";
/// The demo accounts: name before the @, first name, last name, role.
pub const PEOPLE: [(&str, &str, &str, &str); 5] = [
    ("admin", "Ada", "Admin", "ADMIN"),
    ("manager", "Max", "Manager", "MANAGER"),
    ("sales", "Sally", "Sales", "SALES_REP"),
    ("agent1", "Alan", "Agent", "SALES_REP"),
    ("agent2", "Alice", "Agent", "SALES_REP"),
];

/// Why the demo could not be loaded.
#[derive(Debug, thiserror::Error)]
#[error("the demo data could not be loaded: {0}")]
pub struct DemoError(String);

fn failed(error: impl std::fmt::Display) -> DemoError {
    DemoError(error.to_string())
}

/// The e-mail address of a demo account.
pub fn address(name: &str) -> String {
    format!("{name}@crm.example")
}

struct Client<'a> {
    crm: &'a Embedded,
    token: String,
}

impl Client<'_> {
    async fn post(&self, path: &str, body: Value) -> Result<Value, DemoError> {
        self.send("POST", path, body).await
    }

    async fn send(&self, method: &str, path: &str, body: Value) -> Result<Value, DemoError> {
        let request = http::Request::builder()
            .method(method)
            .uri(format!("/api/v1{path}"))
            .header("host", "localhost")
            .header("content-type", "application/json")
            .header("authorization", format!("Bearer {}", self.token))
            .body(Bytes::from(body.to_string()))
            .map_err(failed)?;
        let answer = self.crm.call(request).await;
        let status = answer.status();
        let text = match answer.into_body() {
            Body::Text(text) => text,
            _ => String::new(),
        };
        if status.is_success() {
            return if text.is_empty() { Ok(Value::Null) } else { Ok(serde_json::from_str::<Value>(&text).map_err(failed)?["data"].take()) };
        }
        Err(DemoError(format!("{method} {path}: {status} {text}")))
    }
}

/// Loads the demo into an empty CRM.
pub async fn load(crm: &Embedded) -> Result<(), DemoError> {
    let (name, first, last, _) = PEOPLE[0];
    let email = Email::read(&address(name)).map_err(|invalid| DemoError(invalid.message))?;
    let password = Password::new(PASSWORD).map_err(|invalid| DemoError(invalid.message))?;
    workers::bootstrap::first_admin(crm.all_ports(), email, &password, false).await.map_err(failed)?;
    let mut client = Client { crm, token: String::new() };
    let session = client.post("/auth/login", json!({"email": address(name), "password": PASSWORD})).await?;
    client.token = text(&session["accessToken"]);
    let admin = text(&session["user"]["id"]);
    client.send("PATCH", &format!("/users/{admin}"), json!({"firstName": first, "lastName": last, "username": name})).await?;
    let mut ids = vec![admin];
    for (name, first, last, role) in &PEOPLE[1..] {
        let body = json!({"email": address(name), "username": name, "password": PASSWORD, "firstName": first, "lastName": last, "role": role});
        ids.push(text(&client.post("/users", body).await?["id"]));
    }
    let [_, manager, sales, agent1, agent2] = ids.as_slice() else { return Err(DemoError("a user is missing".into())) };
    let team = client.post("/teams", json!({"name": "Field sales", "managerId": manager})).await?;
    let members = json!({"memberIds": [manager, sales, agent1, agent2]});
    client.send("PATCH", &format!("/teams/{}", text(&team["id"])), members).await?;
    let mut made: Vec<String> = Vec::new();
    for (index, mut customer) in customers().into_iter().enumerate() {
        customer["ownerId"] = json!(match index {
            0 | 3 => Some(sales),
            1 => Some(agent1),
            2 => Some(agent2),
            _ => None,
        });
        if index == 3 {
            customer["referredById"] = json!(made[0]);
        }
        made.push(text(&client.post("/customers", customer).await?["id"]));
    }
    client.post("/auth/logout", json!({})).await?;
    Ok(())
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// Five customers in different states.
fn customers() -> [Value; 5] {
    [
        json!({"name": "Acme Corporation", "company": "Acme", "firstName": "Wile", "lastName": "Coyote", "email": "wile@acme.example",
            "phone": "+1 (555) 010-0001", "engagement": "HOT", "birthday": "1984-09-17",
            "address": {"line1": "1 Canyon Road", "city": "Flagstaff", "region": "AZ", "postalCode": "86001", "country": "US"}}),
        json!({"name": "Globex", "company": "Globex", "email": "hank@globex.example", "phone": "+15550100002", "birthday": "1979-02-28"}),
        json!({"name": "Initech", "company": "Initech", "email": "bill@initech.example", "phone": "+15550100003", "engagement": "INACTIVE", "lifecycle": "FORMER"}),
        json!({"name": "Umbrella Ltd", "company": "Umbrella", "email": "alice@umbrella.example", "lifecycle": "PROSPECT", "metadata": {"source": "trade fair"}}),
        json!({"name": "Stark Industries", "company": "Stark", "email": "pepper@stark.example", "phone": "+15550100005", "lifecycle": "PROSPECT"}),
    ]
}

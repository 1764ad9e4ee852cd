//! People who talk to a CRM.

use crate::crm::{Ask, Crm, PASSWORD, Reply, unique};
use serde_json::{Value, json};

/// Someone who is signed in, or nobody.
#[derive(Clone)]
pub struct Person {
    /// The CRM.
    pub crm: Crm,
    /// The access token; empty for nobody.
    pub token: String,
    /// The refresh token.
    pub refresh: String,
    /// The user's id.
    pub id: String,
    /// The e-mail address.
    pub email: String,
}

impl Crm {
    /// Nobody.
    pub fn nobody(&self) -> Person {
        Person { crm: self.clone(), token: String::new(), refresh: String::new(), id: String::new(), email: String::new() }
    }

    /// Signs someone in.
    pub async fn sign_in(&self, email: &str, password: &str) -> Person {
        let reply = self.nobody().post("/auth/login", json!({"email": email, "password": password})).await.expect(200);
        Person::from_session(self, reply.data())
    }

    /// The first administrator.
    pub async fn admin(&self) -> Person {
        self.sign_in(&self.admin.0, &self.admin.1).await
    }

    /// A new team.
    pub async fn team(&self) -> String {
        let team = self.admin().await.post("/teams", json!({"name": format!("Team {}", unique())})).await.expect(201);
        text(&team.data()["id"])
    }

    /// A new user of a role, in a team or in none, signed in.
    pub async fn person(&self, role: &str, team: Option<&str>) -> Person {
        let email = format!("{}@crm.test", unique());
        let body = json!({"email": email, "password": PASSWORD, "firstName": "Test", "lastName": unique(), "role": role, "teamId": team, "mustChangePassword": false});
        self.admin().await.post("/users", body).await.expect(201);
        self.sign_in(&email, PASSWORD).await
    }
}

/// The text of a JSON string.
pub fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

impl Person {
    /// From what login or refresh answered.
    pub fn from_session(crm: &Crm, session: &Value) -> Self {
        Self {
            crm: crm.clone(),
            token: text(&session["accessToken"]),
            refresh: text(&session["refreshToken"]),
            id: text(&session["user"]["id"]),
            email: text(&session["user"]["email"]),
        }
    }

    /// Sends a request with any headers.
    pub async fn ask(&self, method: &'static str, path: &str, body: Option<&Value>, headers: &[(&str, &str)]) -> Reply {
        let mut all: Vec<(String, String)> = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        if !self.token.is_empty() {
            all.push(("authorization".into(), format!("Bearer {}", self.token)));
        }
        if body.is_some() {
            all.push(("content-type".into(), "application/json".into()));
        }
        let body = body.map(|body| body.to_string().into_bytes()).unwrap_or_default();
        self.crm.send(Ask { method, path: path.to_owned(), headers: all, body }).await
    }

    /// GET.
    pub async fn get(&self, path: &str) -> Reply {
        self.ask("GET", path, None, &[]).await
    }

    /// POST.
    pub async fn post(&self, path: &str, body: Value) -> Reply {
        self.ask("POST", path, Some(&body), &[]).await
    }

    /// POST, until it is taken: where many want one thing, somebody is asked to try again.
    pub async fn post_until_taken(&self, path: &str, body: Value) -> Reply {
        loop {
            let answer = self.post(path, body.clone()).await;
            if answer.status != 503 {
                return answer;
            }
        }
    }

    /// PATCH.
    pub async fn patch(&self, path: &str, body: Value) -> Reply {
        self.ask("PATCH", path, Some(&body), &[]).await
    }

    /// PUT.
    pub async fn put(&self, path: &str, body: Value) -> Reply {
        self.ask("PUT", path, Some(&body), &[]).await
    }

    /// DELETE.
    pub async fn delete(&self, path: &str) -> Reply {
        self.ask("DELETE", path, None, &[]).await
    }

    /// A new customer with these fields beside a name.
    pub async fn customer(&self, mut fields: Value) -> Value {
        if fields["name"].is_null() {
            fields["name"] = json!(format!("Customer {}", unique()));
        }
        self.post("/customers", fields).await.expect(201).data().clone()
    }

    /// A new lead with these fields beside a title.
    pub async fn lead(&self, mut fields: Value) -> Value {
        if fields["title"].is_null() {
            fields["title"] = json!(format!("Lead {}", unique()));
        }
        self.post("/leads", fields).await.expect(201).data().clone()
    }

    /// A new record of a collection.
    pub async fn make(&self, collection: &str, fields: Value) -> Value {
        self.post(collection, fields).await.expect(201).data().clone()
    }

    /// The ids of a list, page by page to its end.
    pub async fn ids(&self, path: &str) -> Vec<String> {
        self.all(path).await.iter().map(|item| text(&item["id"])).collect()
    }

    /// The items of a list, page by page to its end.
    pub async fn all(&self, path: &str) -> Vec<Value> {
        let mut items = Vec::new();
        let mut cursor = String::new();
        loop {
            let sign = if path.contains('?') { '&' } else { '?' };
            let next = if cursor.is_empty() { path.to_owned() } else { format!("{path}{sign}cursor={cursor}") };
            let page = self.get(&next).await.expect(200);
            items.extend(page.data().as_array().into_iter().flatten().cloned());
            cursor = text(&page.body["meta"]["nextCursor"]);
            if cursor.is_empty() {
                return items;
            }
        }
    }
}

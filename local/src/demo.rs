//! Demo data: a small company to look around in, made through the API itself.

use crate::Embedded;
use bytes::Bytes;
use domain::message::month_and_day;
use domain::password::Password;
use domain::text::TextValue;
use domain::value::Email;
use lambda_http::Body;
use serde_json::{Value, json};

/// The password of every demo account.
pub const PASSWORD: &str = "seven-otters-juggle";
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
    workers::bootstrap::first_admin(crm.app(), email, &password, false).await.map_err(failed)?;
    let mut client = Client { crm, token: String::new() };
    let session = client.post("/auth/login", json!({"email": address(name), "password": PASSWORD})).await?;
    client.token = text(&session["accessToken"]);
    let admin = text(&session["user"]["id"]);
    client.send("PATCH", &format!("/users/{admin}"), json!({"firstName": first, "lastName": last, "username": name})).await?;
    let mut ids = vec![admin];
    for (name, first, last, role) in &PEOPLE[1..] {
        let body = json!({"email": address(name), "username": name, "password": PASSWORD, "firstName": first, "lastName": last, "role": role, "mustChangePassword": false});
        ids.push(text(&client.post("/users", body).await?["id"]));
    }
    let [_, manager, sales, agent1, agent2] = ids.as_slice() else { return Err(DemoError("a user is missing".into())) };
    let team = client.post("/teams", json!({"name": "Field sales", "managerId": manager})).await?;
    let members = json!({"memberIds": [manager, sales, agent1, agent2]});
    client.send("PATCH", &format!("/teams/{}", text(&team["id"])), members).await?;
    let mut made: Vec<String> = Vec::new();
    let today = crm.app().clock.now().day_in(&crm.app().config.zone);
    for (index, mut customer) in customers(&month_and_day(today)).into_iter().enumerate() {
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
    let reps = [sales, agent1, agent2];
    let mut lead_ids = Vec::new();
    for (index, mut lead) in leads().into_iter().enumerate() {
        // Every fourth is in the pool.
        lead["ownerId"] = json!(reps.get(index % 4));
        lead_ids.push(text(&client.post("/leads", lead).await?["id"]));
    }
    client.post("/auth/logout", json!({})).await?;
    let moves = [(1, "CONTACTED", None), (2, "IN_PROGRESS", None), (4, "QUALIFIED", None), (5, "CLOSED", Some("LOST_PRICE"))];
    let clock = crm.app().clock.now();
    let at = |days: i64, hour: i64| clock.plus_seconds(days * 86_400 + hour * 3_600).to_string();
    // Everybody's own work, done by themselves.
    for (name, rep) in ["sales", "agent1", "agent2"].into_iter().zip(reps) {
        let session = client.post("/auth/login", json!({"email": address(name), "password": PASSWORD})).await?;
        client.token = text(&session["accessToken"]);
        let own = |index: usize| reps.get(index % 4).is_some_and(|owner| *owner == rep);
        for (index, status, reason) in moves.iter().filter(|(index, _, _)| own(*index)) {
            client.send("PATCH", &format!("/leads/{}/status", lead_ids[*index]), json!({"status": status, "closeReason": reason})).await?;
        }
        for (index, lead) in lead_ids.iter().enumerate().filter(|(index, _)| own(*index) && *index < 5) {
            let call = json!({"leadId": lead, "type": "CALL", "direction": "OUTBOUND", "durationMin": 10 + index, "outcome": "Interested",
                "body": "Asked for a quote.", "occurredAt": at(-(index as i64) - 1, 0)});
            client.post("/activities", call).await?;
            client.post("/activities", json!({"leadId": lead, "type": "NOTE", "body": "Decides together with the head of purchasing."})).await?;
            client.post("/follow-ups", json!({"leadId": lead, "dueAt": at(index as i64 - 1, 0), "notes": "Send the quote and call again."})).await?;
            let task =
                json!({"title": format!("Prepare a quote for lead {}", index + 1), "leadId": lead, "dueAt": at(index as i64, 4), "priority": "HIGH"});
            client.post("/tasks", task).await?;
        }
        client.post("/auth/logout", json!({})).await?;
    }
    let session = client.post("/auth/login", json!({"email": address("sales"), "password": PASSWORD})).await?;
    client.token = text(&session["accessToken"]);
    for (index, kind) in [(0, "MEETING"), (0, "EMAIL"), (0, "CALL"), (3, "CALL")] {
        let body = json!({"customerId": made[index], "type": kind, "body": "Talked about next year.", "occurredAt": at(-2, index as i64)});
        client.post("/activities", body).await?;
    }
    client.post(&format!("/customers/{}/notes", made[0]), json!({"body": "Prefers calls in the morning."})).await?;
    client.post("/follow-ups", json!({"customerId": made[0], "dueAt": at(3, 0), "notes": "Talk about the renewal."})).await?;
    let weekly = json!({"title": "Look through the pipeline", "dueAt": at(1, 0), "recurrence": {"every": 1, "unit": "WEEK"}});
    client.post("/tasks", weekly).await?;
    client.post("/auth/logout", json!({})).await?;
    let session = client.post("/auth/login", json!({"email": address("manager"), "password": PASSWORD})).await?;
    client.token = text(&session["accessToken"]);
    let day = |days: i64| at(days, 0)[..10].to_owned();
    for (index, name, status, members) in [(0, "Rollout", "ACTIVE", vec![sales, agent1]), (1, "Pilot", "PLANNED", vec![agent1])] {
        let project =
            json!({"name": name, "customerId": made[index], "status": status, "startDate": day(-14), "endDate": day(60), "memberIds": members});
        let project = text(&client.post("/projects", project).await?["id"]);
        let task = json!({"title": format!("Kick-off of {name}"), "projectId": project, "customerId": made[index], "dueAt": at(2, 0), "ownerId": members[0]});
        let task = text(&client.post("/tasks", task).await?["id"]);
        for days in 1..=3 {
            let log =
                json!({"projectId": project, "taskId": task, "workDate": day(-days), "minutes": 45 * days, "description": "Workshop and its notes."});
            client.post("/worklogs", log).await?;
        }
    }
    sell(&client, &made, at(-3, 0)).await?;
    let spring = json!({"name": "Spring offer", "channel": "EMAIL", "subject": "Ten seats for the price of eight, {{ firstName or name }}",
        "body": "Dear {{ firstName or name }},\n\nuntil the end of the month ten seats cost what eight do.{% if company %}\n\nShall we talk about what {{ company }} needs?{% endif %}",
        "segment": {"lifecycle": ["CUSTOMER", "PROSPECT"], "engagement": ["HOT", "WARM"]}});
    client.post("/campaigns", spring).await?;
    client.post("/auth/logout", json!({})).await?;
    // The birthday of this day, at whatever hour the demo is loaded.
    let session = client.post("/auth/login", json!({"email": address(name), "password": PASSWORD})).await?;
    client.token = text(&session["accessToken"]);
    client.post("/admin/jobs/birthday-messages/run", json!({})).await?;
    client.post("/auth/logout", json!({})).await?;
    Ok(())
}

/// An order of the demo: whose, which products and how many, how much of the total is paid in percent, whether that is given back, and
/// where the order goes then.
type Sale = (usize, &'static [(usize, i64)], i64, bool, &'static [&'static str]);

/// What everybody gets with the first order, who buys much, who brings another and who comes to a level; and what is given by hand, of
/// which one customer has something.
async fn promote(client: &Client<'_>, customer: &str) -> Result<(), DemoError> {
    let promotions = [
        json!({"code": "WELCOME-10", "name": "Ten percent off the first order", "trigger": "FIRST_PURCHASE", "discountType": "PERCENT",
            "discountValue": 10, "maxDiscountMinor": 50_000}),
        json!({"code": "BULK-5", "name": "Five percent from 10,000", "trigger": "MIN_PURCHASE", "minOrderMinor": 1_000_000, "discountType": "PERCENT",
            "discountValue": 5, "perCustomerLimit": 100}),
        json!({"code": "FRIENDS-15", "name": "Fifteen percent for who brings another, and for the other", "trigger": "REFERRAL", "beneficiary": "BOTH",
            "discountType": "PERCENT", "discountValue": 15, "applyTo": "NEXT_ORDER", "perCustomerLimit": 10}),
        json!({"code": "GOLD-500", "name": "500 off the next order for who comes to gold", "trigger": "CUSTOMER_LEVEL", "levelCodes": ["GOLD", "PLATINUM"],
            "discountType": "FIXED", "discountValue": 50_000, "applyTo": "NEXT_ORDER"}),
        json!({"code": "SORRY-25", "name": "A quarter off for who had to wait", "trigger": "MANUAL", "discountType": "PERCENT", "discountValue": 25,
            "usageLimit": 20}),
    ];
    let mut by_hand = String::new();
    for mut body in promotions {
        body["status"] = json!("ACTIVE");
        by_hand = text(&client.post("/promotions", body).await?["id"]);
    }
    client.post(&format!("/promotions/{by_hand}/assign"), json!({"customerId": customer})).await?;
    Ok(())
}

/// Five products, one of which is no longer sold, and six orders of two customers with what was paid of them.
async fn sell(client: &Client<'_>, customers: &[String], paid_at: String) -> Result<(), DemoError> {
    let products = [
        ("SEAT-1", "Seat, one year", "Licences", 24_000),
        ("SEAT-10", "Ten seats, one year", "Licences", 199_000),
        ("ROLLOUT", "Rollout on site", "Services", 480_000),
        ("TRAINING", "Training, one day", "Services", 95_000),
        ("SUPPORT-OLD", "Support of the release before", "Services", 60_000),
    ];
    let mut ids = Vec::new();
    for (sku, name, category, price) in products {
        let body = json!({"sku": sku, "name": name, "category": category, "priceMinor": price, "active": sku != "SUPPORT-OLD"});
        ids.push(text(&client.post("/products", body).await?["id"]));
    }
    promote(client, &customers[1]).await?;
    let orders: [Sale; 6] = [
        (0, &[(1, 2), (2, 1)], 100, false, &["CONFIRMED", "COMPLETED"]),
        (0, &[(3, 1)], 100, false, &["CONFIRMED"]),
        (0, &[(0, 3)], 50, false, &["CONFIRMED"]),
        (1, &[(0, 2), (3, 1)], 0, false, &[]),
        (1, &[(1, 1)], 100, true, &["CANCELLED"]),
        (1, &[(0, 1)], 0, false, &["CANCELLED"]),
    ];
    for (customer, lines, percent, refunds, statuses) in orders {
        let items: Vec<Value> = lines.iter().map(|(product, quantity)| json!({"productId": ids[*product], "quantity": quantity})).collect();
        let order = client.post("/orders", json!({"customerId": customers[customer], "items": items})).await?;
        let path = format!("/orders/{}", text(&order["id"]));
        let amount = order["totalMinor"].as_i64().unwrap_or_default() * percent / 100;
        let kinds: &[&str] = if refunds { &["PAYMENT", "REFUND"] } else { &["PAYMENT"] };
        for kind in kinds.iter().filter(|_| amount > 0) {
            let body = json!({"type": kind, "method": "TRANSFER", "amountMinor": amount, "occurredAt": paid_at});
            client.post(&format!("{path}/transactions"), body).await?;
        }
        for status in statuses {
            client.send("PATCH", &format!("{path}/status"), json!({"status": status})).await?;
        }
    }
    Ok(())
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// Five customers in different states; the first one has its birthday on this day of the year.
fn customers(today: &str) -> [Value; 5] {
    [
        json!({"name": "Acme Corporation", "company": "Acme", "firstName": "Wile", "lastName": "Coyote", "email": "wile@acme.example",
            "phone": "+1 (555) 010-0001", "engagement": "HOT", "birthday": format!("1984-{today}"),
            "address": {"line1": "1 Canyon Road", "city": "Flagstaff", "region": "AZ", "postalCode": "86001", "country": "US"}}),
        json!({"name": "Globex", "company": "Globex", "email": "hank@globex.example", "phone": "+15550100002", "birthday": "1979-02-28"}),
        json!({"name": "Initech", "company": "Initech", "email": "bill@initech.example", "phone": "+15550100003", "engagement": "INACTIVE", "lifecycle": "FORMER"}),
        json!({"name": "Umbrella Ltd", "company": "Umbrella", "email": "alice@umbrella.example", "lifecycle": "PROSPECT", "metadata": {"source": "trade fair"}}),
        json!({"name": "Stark Industries", "company": "Stark", "email": "pepper@stark.example", "phone": "+15550100005", "lifecycle": "PROSPECT"}),
    ]
}

/// Ten leads from different sources.
fn leads() -> [Value; 10] {
    let lead = |title: &str, last: &str, company: &str, source: &str| {
        let domain = company.to_lowercase().replace(' ', "");
        json!({"title": title, "lastName": last, "company": company, "source": source, "email": format!("{}@{domain}.example", last.to_lowercase())})
    };
    [
        lead("Twenty seats", "Wayne", "Wayne Enterprises", "website"),
        lead("Replacement of the old system", "Banner", "Culver", "referral"),
        lead("Trial for the northern branch", "Osborn", "Oscorp", "event"),
        lead("Question from the contact form", "Kent", "Daily Planet", "website"),
        lead("Yearly contract", "Luthor", "LexCorp", "campaign"),
        lead("Single licence", "Parker", "Bugle", "website"),
        lead("Integration project", "Richards", "Baxter", "referral"),
        lead("Call back about prices", "Murdock", "Nelson", "phone"),
        lead("Ten seats", "Rand", "Rand Industries", "import"),
        lead("Support for two countries", "Walker", "Phantom", "event"),
    ]
}

//! Customers of one kilobyte.

use crate::Failure;
use crate::crm::{Crm, Person, text};
use serde_json::{Value, json};

/// A kilobyte of DynamoDB's.
pub const KILOBYTE: usize = 1024;

/// Makes customers whose items have exactly one kilobyte.
#[derive(Debug, Clone, Copy)]
pub struct Samples {
    filler: usize,
}

impl Samples {
    /// Finds out how much is missing to a kilobyte, with a customer that stays in the table.
    pub async fn new(crm: &Crm, person: &Person) -> Result<Self, Failure> {
        let empty = Self { filler: 0 };
        let made = crm.send("POST", "/customers", &person.token, Some(&empty.body(0))).await?;
        let id = text(&made.body["data"]["id"]);
        let item = crm.item(&format!("CUSTOMER#{id}"), "CUSTOMER").await?;
        let size = dynoxide::types::item_size(&serde_json::from_value(item)?);
        Ok(Self { filler: KILOBYTE.checked_sub(size).ok_or("a customer without metadata is larger than a kilobyte")? })
    }

    /// The body of a create; each number makes another customer of the same size.
    pub fn body(self, number: u32) -> Value {
        json!({
            "name": format!("Analytical Engines {number:06}"),
            "firstName": "Grace",
            "lastName": "Hopper",
            "company": "Analytical Engines Ltd",
            "email": format!("grace{number:06}@analytical.example"),
            "phone": format!("+4930{number:07}"),
            "address": {"line1": "1 Market Street", "city": "Berlin", "postalCode": "10115", "country": "DE"},
            "birthday": "1906-12-09",
            "engagement": "HOT",
            "lifecycle": "PROSPECT",
            "metadata": {"note": "x".repeat(self.filler)},
        })
    }
}

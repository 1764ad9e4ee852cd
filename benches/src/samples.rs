//! Records of one kilobyte.

use crate::Failure;
use crate::crm::{Crm, Person, text};
use serde_json::{Value, json};

/// A kilobyte of DynamoDB's.
pub const KILOBYTE: usize = 1024;

/// Makes the body of a create from a number and a filler.
type Make = Box<dyn Fn(u32, String) -> Value + Send + Sync>;

/// Makes records of a kind whose items have exactly one kilobyte.
pub struct Samples {
    make: Make,
    filler: usize,
}

impl Samples {
    /// Customers.
    pub async fn new(crm: &Crm, person: &Person) -> Result<Self, Failure> {
        Self::of(crm, person, ("/customers", "CUSTOMER"), Box::new(customer)).await
    }

    /// Records of this path and kind. Finds out how much is missing to a kilobyte, with a record that
    /// stays in the table.
    pub async fn of(crm: &Crm, person: &Person, (path, kind): (&str, &str), make: Make) -> Result<Self, Failure> {
        // Long texts are not empty, so it begins with one letter.
        let made = crm.send("POST", path, &person.token, Some(&make(0, "x".to_owned()))).await?;
        let id = text(&made.body["data"]["id"]);
        let item = crm.item(&format!("{kind}#{id}"), kind).await?;
        let size = dynoxide::types::item_size(&serde_json::from_value(item)?);
        let missing = KILOBYTE.checked_sub(size).ok_or_else(|| format!("a {kind} without a filler is larger than a kilobyte: {size}"))?;
        Ok(Self { make, filler: 1 + missing })
    }

    /// The body of a create; each number makes another record of the same size.
    pub fn body(&self, number: u32) -> Value {
        (self.make)(number, "x".repeat(self.filler))
    }
}

fn customer(number: u32, filler: String) -> Value {
    json!({
        "name": format!("Analytical Engines {number:06}"),
        "firstName": "Grace",
        "lastName": "Hopper",
        "company": "Engines Ltd",
        "email": format!("grace{number:06}@analytical.example"),
        "phone": format!("+4930{number:07}"),
        "engagement": "HOT",
        "lifecycle": "PROSPECT",
        "metadata": {"note": filler},
    })
}

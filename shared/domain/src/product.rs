//! Products: what is sold, at a price. They belong to nobody.

use crate::event::{Act, Event, EventKind};
use crate::id::{ProductId, TeamId, UserId};
use crate::money::{Amount, Currency};
use crate::owner::Change;
use crate::record::{Access, Entity, Record, Row};
use crate::search::folded;
use crate::text::{Form, Invalid, TextValue};
use crate::value::{Prose, Text};
use serde::{Deserialize, Serialize};
use serde_json::json;

/// A stock keeping unit: how a company names what it sells, 1 to 64 characters. It is kept as it was written; upper and
/// lower case do not tell two of them apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sku(Text<64>);

impl Sku {
    /// As it was written.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// The form in which it is unique.
    pub fn key(&self) -> String {
        self.as_str().to_lowercase()
    }
}

impl std::fmt::Display for Sku {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl TextValue for Sku {
    fn read(text: &str) -> Result<Self, Invalid> {
        Text::read(text).map(Self)
    }

    fn form() -> Form {
        Form { example: Some("ENGINE-1"), ..Text::<64>::form() }
    }
}

crate::text_serde!(Sku);

/// What a product is sorted under: free text.
pub type Category = Text<100>;

/// The form in which two categories are the same: case and accents do not count.
pub fn category_key(category: &Category) -> String {
    folded(category.as_str())
}

/// The kind.
#[derive(Debug, Clone, PartialEq)]
pub struct Product;

/// Fields that people set.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ProductData {
    /// Unique among products.
    pub sku: Sku,
    /// What it is called.
    pub name: Text<200>,
    /// What it is sorted under.
    pub category: Option<Category>,
    /// What one of it costs.
    pub price_minor: Amount,
    /// In which currency.
    pub currency: Currency,
    /// Whether it is sold.
    pub active: bool,
}

/// Long fields that people set.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct ProductText {
    /// More on it.
    pub description: Option<Prose>,
}

/// Nothing is derived.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct ProductDerived {}

impl Entity for Product {
    const KIND: &'static str = "PRODUCT";
    type Id = ProductId;
    type Data = ProductData;
    type Text = ProductText;
    type Derived = ProductDerived;

    fn owner(_: &Row<Self>) -> Option<UserId> {
        None
    }

    fn team(_: &Row<Self>) -> Option<TeamId> {
        None
    }

    fn access(_: &Row<Self>) -> Access {
        Access::Everyone
    }

    fn label(row: &Row<Self>) -> String {
        row.data.name.to_string()
    }
}

/// A new product and its event.
pub fn create(act: &Act, data: ProductData, text: ProductText) -> (Record<Product>, Event) {
    let product: Record<Product> = Record::new(act.id(), act, data, text, ProductDerived {});
    let summary = format!("{} created product {}", act.actor_name, product.data.name);
    let event = product.event(act, EventKind::ProductCreated, summary, json!({"sku": product.data.sku}));
    (product, event)
}

/// A person's change of fields; `None` when nothing changed. Orders keep the price that they were made at.
pub fn update(product: &Record<Product>, act: &Act, data: ProductData, text: ProductText) -> Change<Product> {
    let (next, changed) = product.changed(act, data, text)?;
    let summary = format!("{} changed product {}", act.actor_name, next.data.name);
    let event = next.event(act, EventKind::ProductUpdated, summary, json!({"sku": next.data.sku})).with_changes(changed);
    Some((next, vec![event]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::account::tests::act;

    fn data(sku: &str) -> ProductData {
        ProductData {
            sku: Sku::read(sku).expect("a sku"),
            name: Text::read("Engine").expect("a name"),
            category: None,
            price_minor: Amount::new(100).expect("a price"),
            currency: Currency::read("EUR").expect("a currency"),
            active: true,
        }
    }

    #[test]
    fn a_sku_is_the_same_in_any_case_and_kept_as_it_was_written() {
        let (one, other) = (Sku::read(" Engine-1 ").expect("valid"), Sku::read("ENGINE-1").expect("valid"));
        assert_eq!((one.as_str(), one.key()), ("Engine-1", other.key()));
        assert!(Sku::read(" ").is_err() && Sku::read(&"x".repeat(65)).is_err());
    }

    #[test]
    fn a_change_tells_what_changed_and_no_change_tells_nothing() {
        let (product, created) = create(&act(), data("A"), ProductText::default());
        assert_eq!((created.kind, created.owner), (EventKind::ProductCreated, None));
        assert_eq!(update(&product, &act(), product.data.clone(), product.text.clone()), None);
        let dearer = ProductData { price_minor: Amount::new(200).expect("a price"), ..product.data.clone() };
        let (next, events) = update(&product, &act(), dearer, product.text.clone()).expect("changed");
        assert_eq!((next.version, events[0].changes["priceMinor"]["new"].as_i64()), (2, Some(200)));
    }
}

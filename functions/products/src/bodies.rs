//! What a create and a change of a product take.

use domain::money::{Amount, Currency};
use domain::product::{Category, ProductData, ProductText, Sku};
use domain::value::{Prose, Text};

contract::editable! {
    /// A new product.
    create CreateProduct,
    /// The fields to change.
    change UpdateProduct,
    data ProductData {
        /// Unique, upper and lower case being the same.
        sku: Sku,
        name: Text<200>,
        category: Option<Category>,
        /// What one of it costs, minor units. Orders keep the price that they were made at.
        price_minor: Amount,
    }
    defaulted {
        /// That of the deployment; another one is refused.
        currency: Currency,
        /// Whether it is sold; true for a new product when not given.
        active: bool,
    }
    text ProductText {
        description: Option<Prose>,
    }
    create {}
    change {}
    elsewhere {}
}

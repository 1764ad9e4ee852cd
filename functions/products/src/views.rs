//! What product routes answer.

use domain::money::{Amount, Currency};
use domain::product::{Category, Product, ProductData, ProductDerived, Sku};
use domain::value::{Prose, Text};

contract::row! {
    /// A product as lists show it: without its description.
    pub struct ProductRow of Product, ()
    data ProductData {
        sku: Sku,
        name: Text<200>,
        category: Option<Category>,
        /// What one of it costs, minor units.
        price_minor: Amount,
        currency: Currency,
        /// Whether it is sold.
        active: bool,
    } hidden {}
    derived ProductDerived {} hidden {}
    computed {}
}

contract::whole! {
    /// A whole product.
    pub struct ProductOut of Product as ProductRow, () {
        description: Option<Prose> = |product| product.text.description.clone(),
    }
}

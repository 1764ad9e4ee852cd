//! The postal address as create and update take it.

use domain::customer::Address;
use domain::value::{Country, Text};

domain::body! {
    /// A postal address; parts that are not sent are empty.
    pub struct AddressIn {
        pub line1: Option<Text<200>>,
        pub line2: Option<Text<200>>,
        pub city: Option<Text<100>>,
        pub region: Option<Text<100>>,
        pub postal_code: Option<Text<20>>,
        pub country: Option<Country>,
    }
}

impl From<&AddressIn> for Address {
    fn from(address: &AddressIn) -> Self {
        Self {
            line1: address.line1.clone(),
            line2: address.line2.clone(),
            city: address.city.clone(),
            region: address.region.clone(),
            postal_code: address.postal_code.clone(),
            country: address.country.clone(),
        }
    }
}

//! Money: whole minor units of an ISO 4217 currency. A deployment has one currency.

use crate::refused::FieldFault;
use crate::text::{Form, Invalid, TextValue};
use crate::value::Whole;

/// The most that one price, one order or one payment is of, minor units: a thousand such amounts are exact in every JSON
/// reader (2^53), and nine hundred thousand of them fit into the counters that sum them up.
pub const MOST_MINOR: i64 = 9_999_999_999_999;

/// An amount of money, minor units: 1050 is 10.50 where the currency has two decimals.
pub type Amount = Whole<0, MOST_MINOR>;

/// Money that changes hands: more than nothing.
pub type Paid = Whole<1, MOST_MINOR>;

/// A currency that people pay with: its ISO 4217 code. Those without minor units, such as gold, are none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Currency(iso_currency::Currency);

impl Currency {
    /// That of a deployment that names none.
    pub const DOLLAR: Self = Self(iso_currency::Currency::USD);

    /// How many decimals its amounts have when they are written in major units (ISO 4217: the exponent).
    pub fn decimals(self) -> u32 {
        self.0.exponent().map_or(0, u32::from)
    }

    /// How many minor units one major unit has.
    pub fn minor_units(self) -> i64 {
        10i64.pow(self.decimals())
    }
}

impl std::fmt::Display for Currency {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.0.code())
    }
}

impl TextValue for Currency {
    fn read(text: &str) -> Result<Self, Invalid> {
        let found = iso_currency::Currency::from_code(text).filter(|currency| currency.exponent().is_some());
        found.map(Self).ok_or_else(|| Invalid::new("format", "must be the three-letter code of a currency (ISO 4217), such as EUR"))
    }

    fn form() -> Form {
        Form { pattern: Some("^[A-Z]{3}$"), example: Some("EUR"), ..Form::default() }
    }
}

crate::text_serde!(Currency);

/// There is one currency: that of the deployment, or the one a record has already.
pub fn currency_fault(sent: Option<Currency>, present: Option<Currency>, deployment: Currency) -> Option<FieldFault> {
    let other = sent.filter(|sent| *sent != deployment && Some(*sent) != present);
    other.map(|_| FieldFault::new("currency", "value", format!("must be {deployment}, the currency of this deployment")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn currency(code: &str) -> Currency {
        Currency::read(code).expect(code)
    }

    #[test]
    fn a_currency_has_the_decimals_of_the_standard() {
        let decimals = ["EUR", "USD", "JPY", "KWD", "CLF", "HUF"].map(|code| currency(code).decimals());
        assert_eq!(decimals, [2, 2, 0, 3, 4, 2]);
        assert_eq!((currency("KWD").minor_units(), currency("JPY").minor_units()), (1000, 1));
    }

    #[test]
    fn what_nobody_pays_with_is_no_currency() {
        for none in ["", "eur", "EU", "EURO", "ABC", "XAU", "XXX", "EUR "] {
            assert!(Currency::read(none).is_err(), "{none}");
        }
    }

    #[test]
    fn another_currency_is_refused_but_for_the_one_that_is_there() {
        let (euro, dollar) = (currency("EUR"), currency("USD"));
        assert!(currency_fault(None, None, euro).is_none() && currency_fault(Some(euro), None, euro).is_none());
        assert!(currency_fault(Some(dollar), Some(dollar), euro).is_none());
        assert_eq!(currency_fault(Some(dollar), None, euro).map(|fault| fault.rule), Some("value"));
    }
}

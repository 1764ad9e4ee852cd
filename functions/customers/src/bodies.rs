//! What a create and a change of a customer take.

use contract::Patch;
use contract::fields::Metadata;
use domain::customer::{Address, CustomerData, CustomerText, Engagement, Lifecycle};
use domain::time::Day;
use domain::value::{Email, Phone, Text};
use domain::{CustomerId, UserId};

contract::editable! {
    /// A new customer.
    create CreateCustomer,
    /// The fields to change.
    change UpdateCustomer,
    data CustomerData {
        name: Text<200>,
        first_name: Option<Text<100>>,
        last_name: Option<Text<100>>,
        company: Option<Text<200>>,
        /// Checked for duplicates.
        email: Option<Email>,
        /// Checked for duplicates.
        phone: Option<Phone>,
        /// Parts that are not sent are empty.
        address: Option<Address>,
        birthday: Option<Day>,
    }
    defaulted {
        /// CUSTOMER for a new one; PROSPECT or FORMER moves to CUSTOMER, CUSTOMER to FORMER.
        lifecycle: Lifecycle,
        /// WARM for a new one; holds until the next nightly run.
        engagement: Engagement,
        /// Whether campaigns leave this customer out; false for a new one.
        marketing_opt_out: bool,
    }
    text CustomerText {
        /// Free data, at most 16 KB.
        metadata: Option<Metadata>,
    }
    create {
        /// The customer who brought this one.
        referred_by_id: Option<CustomerId>,
        /// The caller when not given; another person or null needs customers:assign.
        owner_id: Patch<Option<UserId>>,
    }
    change {
        /// Can be set once.
        referred_by_id: Patch<Option<CustomerId>>,
        /// `false` restores an archived customer; DELETE archives.
        archived: Patch<bool>,
    }
    elsewhere { engagement_changed_at, referred_by_id, converted_from_lead_id, owner_id, archived_at }
}

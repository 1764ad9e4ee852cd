//! What a create and a change of a lead take.

use contract::Patch;
use contract::fields::Metadata;
use domain::UserId;
use domain::lead::{LeadData, LeadStatus, LeadText};
use domain::value::{Email, Phone, Prose, Text};

contract::editable! {
    /// A new lead: a title, a last name, a company, an e-mail address or a phone number at least.
    create CreateLead,
    /// The fields to change. Status and owner have routes of their own.
    change UpdateLead,
    data LeadData {
        first_name: Option<Text<100>>,
        last_name: Option<Text<100>>,
        /// Checked for duplicates.
        email: Option<Email>,
        /// Checked for duplicates.
        phone: Option<Phone>,
        company: Option<Text<200>>,
        /// Where it came from; GET /settings suggests some.
        source: Option<Text<50>>,
    }
    defaulted {}
    text LeadText {
        description: Option<Prose>,
        /// Free data, at most 16 KB.
        metadata: Option<Metadata>,
    }
    create {
        /// Built from the name, company, e-mail address or phone when not given.
        title: Option<Text<200>>,
        /// An open one: NEW when not given, else CONTACTED, IN_PROGRESS or QUALIFIED.
        status: Option<LeadStatus>,
        /// The caller when not given; another person or null needs leads:assign.
        owner_id: Patch<Option<UserId>>,
    }
    change {
        /// Built anew from the name, company, e-mail address or phone when null.
        title: Patch<Option<Text<200>>>,
        /// `false` restores an archived lead; DELETE archives.
        archived: Patch<bool>,
    }
    elsewhere {
        title, status, status_changed_at, close_reason, close_note, owner_id, archived_at, converted_customer_id, converted_at
    }
}

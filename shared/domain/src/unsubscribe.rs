//! Unsubscribing: what a link in a message says, and what following it comes to. The link is signed elsewhere; it does not
//! expire, since a mail may be read years later.

use crate::customer::{self, Customer, CustomerData};
use crate::event::{Act, Event};
use crate::id::CustomerId;
use crate::message::CustomerChannel;
use crate::record::Record;
use crate::text::{Invalid, TextValue};
use std::fmt;

/// What a link says: who wants no more messages, and through which channel the link came. Written `EMAIL.<id>`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unsubscribe {
    /// Who.
    pub customer: CustomerId,
    /// Through what the message with the link went.
    pub channel: CustomerChannel,
}

impl fmt::Display for Unsubscribe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.channel, self.customer)
    }
}

impl Unsubscribe {
    /// What a payload says, once its signature was verified.
    pub fn read(payload: &str) -> Result<Self, Invalid> {
        let invalid = || Invalid::new("format", "is no link of a message");
        let (channel, customer) = payload.split_once('.').ok_or_else(invalid)?;
        match (CustomerChannel::read(channel), CustomerId::read(customer)) {
            (Ok(channel), Ok(customer)) => Ok(Self { customer, channel }),
            _ => Err(invalid()),
        }
    }
}

/// What following a link comes to.
#[derive(Debug, Clone, PartialEq)]
pub enum Verdict {
    /// There is no such customer any more.
    Gone,
    /// The customer wanted no messages before.
    Already,
    /// The customer gets no more messages, through whichever channel: there is one wish for all of them.
    OptsOut(Box<Record<Customer>>, Vec<Event>),
}

/// Opts the customer of a link out, also one that is archived.
pub fn opt_out(customer: Option<&Record<Customer>>, act: &Act) -> Verdict {
    let Some(customer) = customer else { return Verdict::Gone };
    let data = CustomerData { marketing_opt_out: true, ..customer.data.clone() };
    match customer::update(customer, act, data, customer.text.clone()) {
        Ok(Some((next, events))) => Verdict::OptsOut(Box::new(next), events),
        Ok(None) | Err(_) => Verdict::Already,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::account::tests::act;
    use crate::event::EventKind;
    use crate::message::tests::customer;

    #[test]
    fn what_a_link_says_comes_back() {
        for channel in CustomerChannel::ALL {
            let said = Unsubscribe { customer: customer().id, channel: *channel };
            assert_eq!(Unsubscribe::read(&said.to_string()), Ok(said));
        }
        for bad in ["", "EMAIL", "EMAIL.", "PUSH.00000000-0000-0000-0000-000000000005", "EMAIL.00000000-0000-0000-0000-00000000000x", "EMAIL.5.6"] {
            assert!(Unsubscribe::read(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn following_a_link_again_changes_nothing() {
        let mut before = customer();
        before.data.archived_at = Some(act().at);
        let Verdict::OptsOut(after, events) = opt_out(Some(&before), &act()) else { panic!("opted out") };
        assert!(after.data.marketing_opt_out && after.data.archived_at.is_some());
        assert_eq!(events.iter().map(|event| event.kind).collect::<Vec<_>>(), [EventKind::CustomerUpdated]);
        assert_eq!(events[0].changes.keys().collect::<Vec<_>>(), ["marketingOptOut"]);
        assert_eq!(opt_out(Some(&after), &act()), Verdict::Already);
        assert_eq!(opt_out(None, &act()), Verdict::Gone);
    }
}

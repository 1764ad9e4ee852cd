//! What following a link by which a customer wants no messages comes to.

use crate::app::App;
use crate::decide::{Change, Decision, decide};
use crate::error::Error;
use crate::keys::KeyError;
use crate::links::UnsubscribeToken;
use domain::CustomerId;
use domain::customer::Customer;
use domain::event::Act;
use domain::message::CustomerChannel;
use domain::unsubscribe::{Unsubscribe, Verdict, opt_out};

impl App {
    /// The end of the link by which a customer says so.
    pub async fn unsubscribe_token(&self, said: Unsubscribe) -> Result<UnsubscribeToken, KeyError> {
        self.links()?.sign(said).await
    }

    /// What a link says, if it is one of ours.
    pub async fn unsubscribing(&self, token: &UnsubscribeToken) -> Result<Option<Unsubscribe>, KeyError> {
        self.links()?.verify(token).await
    }

    /// Does what a link says, where it is not so already: for the customer that it names, and for others with the same e-mail address,
    /// twenty at most, since it is the same person who reads it.
    pub async fn opt_out(&self, said: Unsubscribe) -> Result<(), Error> {
        self.opt_out_one(said.customer).await?;
        let customer = match said.channel {
            CustomerChannel::Email => self.store().get::<Customer>(said.customer).await?,
            CustomerChannel::Sms => None,
        };
        let Some(address) = customer.and_then(|customer| customer.row.data.email) else { return Ok(()) };
        for other in self.store().customers_of_address(&address).await? {
            if other != said.customer {
                self.opt_out_one(other).await?;
            }
        }
        Ok(())
    }

    async fn opt_out_one(&self, customer: CustomerId) -> Result<(), Error> {
        let subject = self.unscoped_record::<Customer>(customer).await?;
        let act = Act { actor_name: "The customer".to_owned(), ..self.act() };
        decide(self, subject, |subject| {
            Ok::<_, Error>(match opt_out(subject.record(), &act) {
                Verdict::OptsOut(next, events) => {
                    let mut tx = store::Tx::new();
                    if let Some(customer) = subject.record() {
                        tx.update(customer, &next);
                    }
                    tx.events(&events);
                    Decision::Commit(Change::from(tx), ())
                }
                Verdict::Already | Verdict::Gone => Decision::Keep(()),
            })
        })
        .await
    }
}

//! Messages to customers that no route makes.

use crate::Crm;
use domain::CustomerId;
use domain::message::Occasion;
use domain::text::TextValue;
use local::generate::story::failed_message;
use std::sync::atomic::{AtomicI16, Ordering};

static MADE: AtomicI16 = AtomicI16::new(1);

impl Crm {
    /// A message to a customer that was given up on; its id.
    pub async fn failed_message(&self, customer: &str) -> String {
        // Each of another year.
        let occasion = Occasion::Birthday(MADE.fetch_add(1, Ordering::Relaxed));
        let customer = CustomerId::read(customer).expect("an id");
        failed_message(self.embedded().app(), customer, occasion).await.expect("made").to_string()
    }
}

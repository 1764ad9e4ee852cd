//! Messages to customers that no route makes.

use crate::Crm;
use domain::message::Occasion;
use domain::text::TextValue;
use domain::{CampaignId, CustomerId};
use local::generate::story::failed_message;
use std::sync::atomic::{AtomicU64, Ordering};
use uuid::Uuid;

static MADE: AtomicU64 = AtomicU64::new(1);

impl Crm {
    /// A message to a customer that was given up on; its id.
    pub async fn failed_message(&self, customer: &str) -> String {
        // Of campaigns there may be any number.
        let occasion = Occasion::Campaign(CampaignId::new(Uuid::from_u128(MADE.fetch_add(1, Ordering::Relaxed).into())));
        let customer = CustomerId::read(customer).expect("an id");
        failed_message(self.embedded().app(), customer, occasion).await.expect("made").to_string()
    }
}

//! The AWS adapters of the probes. Each reads and changes nothing.

use crate::ports::MessagingError;
use crate::probes::{Probe, Probes, Probing, Unwell};
use std::sync::Arc;

fn silent(error: impl std::error::Error) -> Unwell {
    Unwell::Silent(MessagingError(aws::cause(&error)))
}

/// The bus, by its name.
struct Bus(aws::OnUse<aws_sdk_eventbridge::Client>, String);

impl Probe for Bus {
    fn probe(&self) -> Probing<'_> {
        Box::pin(async move {
            self.0.describe_event_bus().name(&self.1).send().await.map_err(silent)?;
            Ok(None)
        })
    }
}

/// SES, which may be stopped from sending for the whole account
/// (<https://docs.aws.amazon.com/ses/latest/APIReference/API_GetAccountSendingEnabled.html>).
struct Mails(aws::OnUse<aws_sdk_ses::Client>);

impl Probe for Mails {
    fn probe(&self) -> Probing<'_> {
        Box::pin(async move {
            let found = self.0.get_account_sending_enabled().send().await.map_err(silent)?;
            if found.enabled() { Ok(None) } else { Err(Unwell::Said("SES sends nothing for this account".to_owned())) }
        })
    }
}

/// SNS, which reaches verified numbers alone as long as the account is in its sandbox
/// (<https://docs.aws.amazon.com/sns/latest/dg/sns-sms-sandbox.html>).
struct Texts(aws::OnUse<aws_sdk_sns::Client>);

impl Probe for Texts {
    fn probe(&self) -> Probing<'_> {
        Box::pin(async move {
            let found = self.0.get_sms_sandbox_account_status().send().await.map_err(silent)?;
            Ok(found.is_in_sandbox().then(|| "in the sandbox of SNS, which reaches verified numbers alone".to_owned()))
        })
    }
}

impl Probes {
    /// Those of the account, each with a client that is made when it is asked. Without an address that they come from there
    /// are no mails.
    pub fn of_account(sdk: &aws::Sdk, bus: &str, sends_mail: bool) -> Self {
        let bus = Bus(sdk.on_use(aws_sdk_eventbridge::Client::new), bus.to_owned());
        let mails = || Arc::new(Mails(sdk.on_use(aws_sdk_ses::Client::new))) as Arc<dyn Probe>;
        Self { bus: Some(Arc::new(bus)), email: sends_mail.then(mails), sms: Some(Arc::new(Texts(sdk.on_use(aws_sdk_sns::Client::new)))) }
    }
}

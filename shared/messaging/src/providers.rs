//! The AWS adapters of what leaves the CRM: SES for mails, SNS for text messages and pushes.

use crate::mime::{MailFrom, message};
use crate::sending::{Mail, Mailer, Push, Pusher, SendError, Sending, TextMessage, Texter};
use aws_sdk_ses::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_ses::primitives::Blob;
use aws_sdk_ses::types::RawMessage;
use aws_sdk_sns::types::MessageAttributeValue;
use serde_json::json;

/// What a provider says where there is more to send than it takes
/// (<https://docs.aws.amazon.com/ses/latest/APIReference/CommonErrors.html>, and the same of SNS).
const BUSY: [&str; 6] = ["Throttling", "ThrottlingException", "Throttled", "ThrottledException", "ServiceUnavailable", "RequestLimitExceeded"];

/// What an error means. Its code alone is kept: the message of an error may repeat the address.
fn failed<E: ProvideErrorMetadata, R>(refusals: &[&str]) -> impl Fn(SdkError<E, R>) -> SendError {
    move |error: SdkError<E, R>| match error.as_service_error() {
        // What was not connected took nothing; what did not answer may have.
        None if matches!(&error, SdkError::DispatchFailure(failure) if failure.is_io()) => SendError::Busy("no connection".to_owned()),
        None => SendError::Failed("no answer".to_owned()),
        Some(said) => {
            let code = said.code().unwrap_or("an error without a code").to_owned();
            match code.as_str() {
                busy if BUSY.contains(&busy) => SendError::Busy(code),
                // Of a number whose owner answered STOP (https://docs.aws.amazon.com/sns/latest/api/API_Publish.html).
                "OptedOut" | "OptedOutException" => SendError::Unwanted,
                refused if refusals.contains(&refused) => SendError::Refused(code),
                _ => SendError::Failed(code),
            }
        }
    }
}

/// Mails by SES.
pub struct Ses {
    client: aws::OnUse<aws_sdk_ses::Client>,
    from: MailFrom,
    configuration_set: Option<String>,
}

impl Ses {
    /// From this address; what becomes of the mails is told as the configuration set says.
    pub fn new(sdk: &aws::Sdk, from: MailFrom, configuration_set: Option<String>) -> Self {
        Self { client: sdk.once().on_use(aws_sdk_ses::Client::new), from, configuration_set }
    }
}

impl Mailer for Ses {
    fn mail<'a>(&'a self, mail: &'a Mail) -> Sending<'a> {
        Box::pin(async move {
            let raw = RawMessage::builder().data(Blob::new(message(mail, &self.from)?.formatted())).build();
            let raw = raw.map_err(|error| SendError::Failed(error.to_string()))?;
            let request = self.client.send_raw_email().raw_message(raw).set_configuration_set_name(self.configuration_set.clone());
            let sent = request.send().await;
            sent.map(|sent| Some(sent.message_id)).map_err(failed(&["MessageRejected", "InvalidParameterValue"]))
        })
    }
}

/// Text messages and pushes by SNS.
pub struct Sns {
    client: aws::OnUse<aws_sdk_sns::Client>,
    sender: Option<String>,
    application: Option<String>,
}

/// What SNS says of a number or a device that it will never reach.
const UNREACHABLE: [&str; 5] = ["InvalidParameter", "InvalidParameterValue", "ParameterValueInvalid", "EndpointDisabled", "NotFound"];

impl Sns {
    /// With the name that text messages come from, where countries let there be one, and the ARN of the application whose
    /// devices are pushed to.
    pub fn new(sdk: &aws::Sdk, sender: Option<String>, application: Option<String>) -> Self {
        Self { client: sdk.once().on_use(aws_sdk_sns::Client::new), sender, application }
    }
}

impl Texter for Sns {
    fn text<'a>(&'a self, text: &'a TextMessage) -> Sending<'a> {
        Box::pin(async move {
            let word = |value: &str| {
                let built = MessageAttributeValue::builder().data_type("String").string_value(value).build();
                built.map_err(|error| SendError::Failed(error.to_string()))
            };
            // By the names of SNS (https://docs.aws.amazon.com/sns/latest/dg/sms_sending-overview.html).
            let mut request = self.client.publish().phone_number(&text.to).message(&text.text);
            request = request.message_attributes("AWS.SNS.SMS.SMSType", word("Transactional")?);
            if let Some(sender) = &self.sender {
                request = request.message_attributes("AWS.SNS.SMS.SenderID", word(sender)?);
            }
            request.send().await.map(|sent| sent.message_id).map_err(failed(&UNREACHABLE))
        })
    }
}

impl Pusher for Sns {
    fn push<'a>(&'a self, push: &'a Push) -> Sending<'a> {
        Box::pin(async move {
            // The same endpoint for the same token, however often.
            let made = self.client.create_platform_endpoint().set_platform_application_arn(self.application.clone()).token(&push.token);
            let endpoint = made.send().await.map_err(failed(&UNREACHABLE))?;
            let (title, body) = (&push.title, &push.text);
            // A form for each kind of device, each as text
            // (https://docs.aws.amazon.com/sns/latest/dg/sns-send-custom-platform-specific-payloads-mobile-devices.html).
            let google = json!({"notification": {"title": title, "body": body}}).to_string();
            let apple = json!({"aps": {"alert": {"title": title, "body": body}}}).to_string();
            let forms = json!({"default": title, "GCM": google, "APNS": apple, "APNS_SANDBOX": apple}).to_string();
            let request = self.client.publish().set_target_arn(endpoint.endpoint_arn).message_structure("json").message(forms);
            request.send().await.map(|sent| sent.message_id).map_err(failed(&UNREACHABLE))
        })
    }
}

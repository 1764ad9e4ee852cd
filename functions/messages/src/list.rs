//! `GET /messages`: those to the customers inside reach, or all to one of them.

use crate::views::MessageRow;
use contract::fields::{CursorText, Limit, Sort, limit};
use domain::message::{Message, MessageKind, MessageStatus};
use domain::time::DateBound;
use domain::{CampaignId, CustomerId, Permission, Row};
use edge::application::MessageFilter;
use edge::{Action, Authorized, Code, Context, Page, PageOf, Problem, Rejection, Request, Route};

contract::query! {
    /// Filters of the list.
    pub struct ListMessages {
        pub customer_id: Option<CustomerId>,
        /// Of this campaign.
        pub campaign_id: Option<CampaignId>,
        /// Why the customer is written to.
        pub kind: Option<MessageKind>,
        pub status: Option<MessageStatus>,
        /// Made on this date or later, or at this time or later.
        pub from: Option<DateBound>,
        /// Made up to this date, or before this time; not before `from`.
        pub to: Option<DateBound>,
        pub sort: Option<Sort>,
        pub limit: Option<Limit>,
        pub cursor: Option<CursorText>,
    }
}

pub(crate) fn route() -> Route {
    Route::get("/messages", "list_messages")
        .needs(Permission::MessagesRead)
        .about("Messages", "List messages to customers")
        .fails(&[Code::NotFound])
        .touches(&[Action::Get, Action::Query])
        .load(load)
        .handle(handle)
}

async fn load(context: Context<Authorized, (), ListMessages>) -> Result<Page<Row<Message>>, Rejection> {
    let (query, zone) = (&*context.query, &context.app.config.zone);
    Problem::all([Problem::backwards((query.from, "from"), (query.to, "to"), &context.app)])?;
    let filter = MessageFilter {
        customer: query.customer_id,
        campaign: query.campaign_id,
        kind: query.kind,
        status: query.status,
        from: query.from.map(|bound| bound.from(zone)),
        until: query.to.and_then(|bound| bound.until(zone)),
        ascending: query.sort == Some(Sort::Oldest),
    };
    context.list(&filter, limit(query.limit)).await
}

async fn handle(request: Request<Authorized, (), ListMessages>, page: Page<Row<Message>>) -> Result<PageOf<MessageRow>, Rejection> {
    Ok(PageOf::of(page, limit(request.query.limit), MessageRow::new))
}

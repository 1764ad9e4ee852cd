//! `GET /customer-levels`: the four loyalty levels, the lowest first, as the product has them where nobody has changed them.

use crate::views::CustomerLevelOut;
use domain::customer::LevelCode;
use domain::level::{CustomerLevel, standing};
use domain::{Permission, Record};
use edge::{Action, Authorized, Context, Page, PageOf, Rejection, Request, Route};

pub(crate) fn route() -> Route {
    Route::get("/customer-levels", "list_customer_levels")
        .needs(Permission::LevelsRead)
        .about("Levels", "List the loyalty levels")
        .touches(&[Action::Get])
        .load(load)
        .handle(handle)
}

async fn load(context: Context<Authorized>) -> Result<Vec<Record<CustomerLevel>>, Rejection> {
    let (levels, act) = (context.app.levels().await?, context.app.act());
    Ok(LevelCode::ALL.iter().zip(&levels).map(|(code, stand)| standing(*code, stand.record(), &act)).collect())
}

async fn handle(_: Request<Authorized>, levels: Vec<Record<CustomerLevel>>) -> Result<PageOf<CustomerLevelOut>, Rejection> {
    let count = levels.len();
    Ok(PageOf::of(Page { items: levels, ..Page::empty() }, Some(count), CustomerLevelOut::new))
}

//! `PATCH /products/{id}`: changes the fields that are sent; `active: false` takes it off the shelf.

use crate::bodies::UpdateProduct;
use crate::views::ProductOut;
use contract::{Patch, Sent};
use domain::money::currency_fault;
use domain::product::{self, Product};
use domain::{Permission, ProductId};
use edge::application::Checks;
use edge::{Action, Answer, Authorized, Code, Context, Json, Reached, Rejection, Request, Route};
use std::sync::Arc;

pub(crate) fn route() -> Route {
    Route::patch("/products/{id}", "update_product")
        .needs(Permission::ProductsUpdate)
        .about("Products", "Change a product")
        .fails(&[Code::Duplicate])
        .touches(&[Action::Get, Action::Put, Action::Update, Action::Delete])
        .load_sent(load)
        .handle(handle)
}

async fn load(context: Context<Authorized, (ProductId,)>, sent: Arc<Sent<UpdateProduct>>) -> Result<Reached<Product>, Rejection> {
    let (product, mut checks): (Reached<Product>, _) = (context.open(context.path.0).await?, Checks::default());
    let currency = sent.currency.as_ref().and_then(Patch::value).copied();
    checks.note(currency_fault(currency, Some(product.data.currency), context.app.config.currency));
    Ok(checks.give(Some(product))?)
}

type UpdateRequest = Request<Authorized, (ProductId,), (), Json<UpdateProduct>>;

async fn handle(request: UpdateRequest, product: Reached<Product>) -> Result<Answer<ProductOut>, Rejection> {
    let body = &request.body.0;
    let decide = |product: &Reached<Product>, act: &_| {
        let (mut data, mut text) = (product.data.clone(), product.text.clone());
        body.apply(&mut data, &mut text);
        Ok(product::update(product, act, data, text))
    };
    request.change(product, decide, |_| {}, ProductOut::new).await
}

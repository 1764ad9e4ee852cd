//! `POST /products`: a product with its price.

use crate::bodies::CreateProduct;
use crate::views::ProductOut;
use contract::Sent;
use domain::Permission;
use domain::money::currency_fault;
use domain::product::{self, ProductData, ProductText};
use edge::application::Checks;
use edge::{Action, Answer, Authorized, Change, Code, Context, Json, Rejection, Request, Route};
use std::sync::Arc;

pub(crate) fn route() -> Route {
    Route::post("/products", "create_product")
        .needs(Permission::ProductsCreate)
        .about("Products", "Create a product")
        .status(201)
        .fails(&[Code::Duplicate])
        .touches(&[Action::Get, Action::Put])
        .load_sent(load)
        .handle(handle)
}

async fn load(context: Context<Authorized>, sent: Arc<Sent<CreateProduct>>) -> Result<(), Rejection> {
    let mut checks = Checks::default();
    checks.note(currency_fault(sent.currency.flatten(), None, context.app.config.currency));
    Ok(checks.give(Some(()))?)
}

async fn handle(request: Request<Authorized, (), (), Json<CreateProduct>>, (): ()) -> Result<Answer<ProductOut>, Rejection> {
    let (body, deployment) = (&request.body.0, request.app.config.currency);
    request
        .decide((), |(), act| {
            let mut data = ProductData {
                sku: body.sku.clone(),
                name: body.name.clone(),
                category: None,
                price_minor: body.price_minor,
                currency: deployment,
                active: true,
            };
            let mut text = ProductText::default();
            body.fill(&mut data, &mut text);
            let (product, event) = product::create(act, data, text);
            let mut change = Change::new();
            change.create(&product);
            change.event(&event);
            Ok(Answer::creation(change, "products", product, ProductOut::new))
        })
        .await
}

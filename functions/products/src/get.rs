//! `GET /products/{id}`: one product.

use crate::views::ProductOut;
use domain::product::Product;
use domain::{Permission, ProductId};
use edge::{Action, Answer, Authorized, Context, Reached, Rejection, Request, Route};

pub(crate) fn route() -> Route {
    Route::get("/products/{id}", "get_product")
        .needs(Permission::ProductsRead)
        .about("Products", "Get a product")
        .touches(&[Action::Get])
        .load(load)
        .handle(handle)
}

async fn load(context: Context<Authorized, (ProductId,)>) -> Result<Reached<Product>, Rejection> {
    context.read(context.path.0).await
}

async fn handle(_: Request<Authorized, (ProductId,)>, product: Reached<Product>) -> Result<Answer<ProductOut>, Rejection> {
    let version = product.version;
    Ok(Answer::ok(ProductOut::new(product.into_record())).version(version))
}

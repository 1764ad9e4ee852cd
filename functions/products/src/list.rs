//! `GET /products`: all of them, those that are no longer sold among them, by name.

use crate::views::ProductRow;
use contract::fields::{CursorText, Limit, limit};
use domain::product::{Category, Product};
use domain::search::Search;
use domain::{Permission, Row};
use edge::application::ProductFilter;
use edge::{Action, Authorized, Code, Context, Page, PageOf, Problem, Rejection, Request, Route};

contract::choice! {
    /// The order of the list: case and accents do not count.
    pub enum ProductSort {
        /// From A to Z.
        Name = "name",
        /// From Z to A.
        NameBackwards = "-name",
    }
}

contract::query! {
    /// Filters of the list.
    pub struct ListProducts {
        /// Words of the name, the SKU or the category, in any order; the longest counts as prefix.
        pub q: Option<Search>,
        /// Those that are sold, or that are not; all of them when not given.
        pub active: Option<bool>,
        /// Case and accents do not count.
        pub category: Option<Category>,
        /// Not together with `q`.
        pub sort: Option<ProductSort>,
        pub limit: Option<Limit>,
        pub cursor: Option<CursorText>,
    }
}

pub(crate) fn route() -> Route {
    Route::get("/products", "list_products")
        .needs(Permission::ProductsRead)
        .about("Products", "List or search products")
        .fails(&[Code::Throttled])
        .touches(&[Action::Query, Action::QueryTable, Action::BatchGet, Action::Count])
        .load(load)
        .handle(handle)
}

async fn load(context: Context<Authorized, (), ListProducts>) -> Result<Page<Row<Product>>, Rejection> {
    let query = &*context.query;
    if query.q.is_some() && query.sort.is_some() {
        return Err(Problem::sorted_search().into());
    }
    let filter = ProductFilter {
        active: query.active,
        category: query.category.clone(),
        search: query.q.clone(),
        descending: query.sort == Some(ProductSort::NameBackwards),
    };
    context.list(&filter, limit(query.limit)).await
}

async fn handle(request: Request<Authorized, (), ListProducts>, page: Page<Row<Product>>) -> Result<PageOf<ProductRow>, Rejection> {
    Ok(PageOf::of(page, limit(request.query.limit), ProductRow::new))
}

//! The samples of the routes: each goes through its function and is answered with the status that the
//! route declares for success. Only the tokens are put in, since those cannot stand in a file.

use crate::samples::text;
use edge::{Route, Router};
use lambda_http::{Context, RequestExt};
use local::generate::samples::{LINK, REFRESH, TOKEN};
use local::generate::story::Story;
use tests::Reply;

/// The sample of a route as a request.
pub fn request(story: &Story, folder: &str, route: &Route) -> lambda_http::Request {
    let event = text(folder, route.name).replace(TOKEN, &story.token).replace(REFRESH, &story.refresh).replace(LINK, &story.link);
    assert!(!event.contains('<'), "{}: something is left to put in: {event}", route.name);
    lambda_http::request::from_str(&event).expect("an API Gateway event").with_lambda_context(Context::default())
}

/// What a function answers to its sample. Like the function on Lambda it serves this one route.
async fn replay(story: &Story, folder: &str, route: &Route) -> Reply {
    Router::new([route.clone()]).expect("a router").answer(story.crm.app(), request(story, folder, route)).await.into()
}

/// What is wrong with an answer, if anything is.
fn fault(route: &Route, story: &Story, reply: &Reply) -> Option<String> {
    let (status, body, data) = (reply.status, &reply.body, &reply.body["data"]);
    let named = route.path.ends_with("{id}") && route.method == http::Method::GET;
    let lists = tests::schemas::query(route).iter().any(|(name, ..)| name == "cursor");
    match () {
        () if status != route.status => Some(format!("{status} instead of {}: {body}", route.status)),
        () if named && data["id"].as_str() != story.id_in(route.path) => Some(format!("another record: {data}")),
        () if lists && data.as_array().is_none_or(Vec::is_empty) => Some("an empty list".to_owned()),
        () if route.status == 201 && data["id"].is_null() && !data.is_array() => Some(format!("nothing new: {body}")),
        () => None,
    }
}

#[tokio::test]
async fn every_route_answers_its_sample_with_success() {
    let reading = Story::tell().await.expect("told");
    let mut wrong = Vec::new();
    for (folder, routes) in local::routes() {
        for route in routes {
            // Who reads changes nothing for the next; who writes gets a company of its own.
            let own = if route.method == http::Method::GET { None } else { Some(Story::tell().await.expect("told")) };
            let story = own.as_ref().unwrap_or(&reading);
            let reply = replay(story, folder, &route).await;
            wrong.extend(fault(&route, story, &reply).map(|fault| format!("{}: {fault}", route.name)));
        }
    }
    assert!(wrong.is_empty(), "{}\nWhat a sample says is made in local/src/generate/samples.rs, what it tells of in story.rs.", wrong.join("\n"));
}

#[tokio::test]
async fn a_sample_without_a_token_in_it_is_refused() {
    let story = Story { token: "none".to_owned(), refresh: "none".to_owned(), ..Story::tell().await.expect("told") };
    let (folder, route) = local::routes()
        .into_iter()
        .find_map(|(folder, routes)| Some((folder, routes.into_iter().find(|route| route.name == "get_lead")?)))
        .expect("listed");
    assert_eq!(replay(&story, folder, &route).await.status, 401);
}

//! A search reads more than its page: one user makes so many of them in a minute, and no more.

use local::Table;
use serde_json::json;
use tests::Crm;
use tests::time::Passing;
use tests::together;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_user_searches_so_often_in_a_minute_whatever_for() {
    let crm = Crm::set(Table::memory().expect("memory"), Passing::default(), &[("SEARCHES_PER_MINUTE", "10")]).await;
    let (rep, mate) = (crm.person("MANAGER", None).await, crm.person("SALES_REP", None).await);
    rep.customer(json!({"name": "Acme"})).await;
    let lists = ["/customers", "/leads", "/projects", "/users"];
    let replies = together(30, |place| {
        let (rep, path) = (rep.clone(), format!("{}?q=acme", lists[place % lists.len()]));
        async move { rep.get(&path).await }
    })
    .await;
    let (found, refused): (Vec<_>, Vec<_>) = replies.into_iter().partition(|reply| reply.status == 200);
    assert_eq!((found.len(), refused.len()), (10, 20));
    for reply in refused {
        assert_eq!((reply.status, reply.code()), (429, "THROTTLED"));
        let wait: i64 = reply.header("retry-after").and_then(|seconds| seconds.parse().ok()).expect("seconds");
        assert!((1..=60).contains(&wait), "{wait}");
        assert!(reply.body["detail"].as_str().is_some_and(|detail| detail.contains("searches")), "{}", reply.body);
    }
    // What is no search goes on, so do others, and the next minute is another one.
    rep.get("/customers").await.expect(200);
    mate.get("/customers?q=acme").await.expect(200);
    crm.advance(61);
    rep.get("/customers?q=acme").await.expect(200);
}

//! What is read to list one's own sessions.

use local::{Operation, Table};
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use tests::Crm;
use tests::crm::PASSWORD;

#[tokio::test]
async fn the_list_of_sessions_reads_the_callers_own_partition_alone() {
    let seen = Arc::new(Mutex::new(BTreeSet::new()));
    let noted = seen.clone();
    let observer = move |operation: &Operation| {
        if operation.role == Some("list_sessions") {
            noted.lock().expect("lock").extend(operation.partitions.iter().map(ToString::to_string));
        }
        Ok(())
    };
    let crm = Crm::idle(Table::memory().expect("memory").with_observer(Arc::new(observer))).await;
    let (rep, mate) = (crm.person("SALES_REP", None).await, crm.person("SALES_REP", None).await);
    crm.sign_in(&rep.email, PASSWORD).await;
    crm.sign_in(&mate.email, PASSWORD).await;
    let sessions = rep.get("/auth/sessions").await.expect(200);
    assert_eq!(sessions.data().as_array().map(Vec::len), Some(2));
    let partitions = seen.lock().expect("lock").clone();
    // What the role is granted, and which keys sign, is asked now and then with any request.
    let own: Vec<&String> = partitions.iter().filter(|partition| !partition.starts_with("ROLE#") && *partition != "JWKS").collect();
    assert_eq!(own, [&format!("USER#{}", rep.id)]);
}

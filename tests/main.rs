//! The one test binary.

#![expect(clippy::expect_used, clippy::panic, reason = "a test that cannot go on has to fail")]

mod api;
mod campaigns;
mod dashboards;
mod faults;
mod jobs;
mod limits;
mod lists;
mod model;
mod samples;
mod search;
mod security;
mod shapes;
mod structure;

mod scenarios {
    //! The scenarios on the embedded CRM; the cloud tests run the same ones on the deployed one.

    macro_rules! embedded {
        ($($module:ident :: $name:ident),* $(,)?) => {
            $(
                #[tokio::test]
                async fn $name() {
                    let (_, scenario) = tests::scenarios::ALL.iter().find(|(name, _)| *name == stringify!($name)).expect("listed");
                    scenario(tests::Crm::start().await).await;
                }
            )*
        };
    }

    tests::for_each_scenario!(embedded);
}

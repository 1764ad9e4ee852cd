//! The page of a project: what stands beside the record.

use crate::app::App;
use crate::error::Error;
use crate::reach::{Purpose, Reached};
use domain::overview::Counts;
use domain::project::Project;
use domain::{Entity, Parent, ProjectId, Scope};
use store::filters::Summed;

impl App {
    /// A project inside reach with its tasks counted and its minutes summed up, read at once.
    pub async fn reach_project_page(&self, scope: &Scope, id: ProjectId, purpose: Purpose) -> Result<(Reached<Project>, Counts, i64), Error> {
        let store = self.store();
        let counts = async { Ok(store.counts(Project::KIND, id).await?) };
        let minutes = async { Ok(store.minutes(Summed::Parent(Parent::Project(id)), None, None).await?) };
        tokio::try_join!(self.reach::<Project>(scope, id, purpose), counts, minutes)
    }
}

//! The resources that the model knows: one line here and one file (or folder) for each.

use crate::model::call::Act;
use crate::model::world::{After, World};
use std::collections::BTreeMap;

/// What a resource brings: its routes, and what can be looked at in the end.
pub struct Resource {
    pub acts: &'static [Act],
    /// The path of each record and what it must answer.
    pub pages: fn(&World) -> Vec<After>,
    /// Lists whose rows must show what the pages show.
    pub lists: &'static [&'static str],
}

macro_rules! resources {
    ($($name:ident: $record:ident),* $(,)?) => {
        /// The records of every resource by name.
        #[derive(Debug, Clone, Default)]
        pub struct Records {
            $(pub $name: BTreeMap<String, crate::model::$name::$record>,)*
        }

        /// Every resource.
        pub const RESOURCES: &[Resource] = &[$(crate::model::$name::RESOURCE),*];
    };
}

resources! {
    leads: Lead,
    customers: Customer,
    follow_ups: FollowUp,
    tasks: Task,
}

/// Everything that can be called.
pub fn acts() -> impl Iterator<Item = &'static Act> {
    RESOURCES.iter().flat_map(|resource| resource.acts)
}

//! Operations: settings, jobs and dead letters.

pub mod delete_dead_letter;
pub mod get_settings;
pub mod list_dead_letters;
pub mod list_jobs;
pub mod redrive_dead_letter;
pub mod redrive_dead_letters;
pub mod run_job;
mod settings_view;
pub mod update_settings;

use edge::Route;

/// The routes of this resource.
pub fn routes() -> Vec<Route> {
    vec![
        get_settings::route(),
        update_settings::route(),
        list_jobs::route(),
        run_job::route(),
        list_dead_letters::route(),
        redrive_dead_letter::route(),
        redrive_dead_letters::route(),
        delete_dead_letter::route(),
    ]
}

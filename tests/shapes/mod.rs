//! Stored forms that change: what the release before stored is read, changed and brought into the present form.

mod fixture;

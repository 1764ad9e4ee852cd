//! Who may do what, and what must not get out.

mod leaks;
mod matrix;
mod mint;
mod refresh;
mod tokens;

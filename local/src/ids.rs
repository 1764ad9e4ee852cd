//! Identifiers for messages and requests.

use std::hash::{BuildHasher, RandomState};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU32, Ordering};

/// A fresh id in UUID form; ids made later in one process sort later.
pub(crate) fn new_id(now_ms: i64) -> String {
    static PROCESS: LazyLock<u64> = LazyLock::new(|| RandomState::new().hash_one(std::process::id()));
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    let ms = now_ms.max(0);
    format!(
        "{:08x}-{:04x}-7{:03x}-8{:03x}-{:012x}",
        (ms >> 16) & 0xffff_ffff,
        ms & 0xffff,
        (count >> 12) & 0xfff,
        count & 0xfff,
        *PROCESS & 0xffff_ffff_ffff,
    )
}

//! What a user sees of a panic. Alone in its process: the panic hook is global.

#![forbid(unsafe_code)]

use std::panic;
use std::sync::{Mutex, PoisonError};

static SEEN: Mutex<String> = Mutex::new(String::new());

#[test]
fn a_panic_is_reported_as_our_bug() {
    panic::set_hook(Box::new(|info| {
        let mut seen = SEEN.lock().unwrap_or_else(PoisonError::into_inner);
        *seen = retrograd_cli::output::bug_report(info);
    }));
    let caught = panic::catch_unwind(|| panic!("{} went missing", "a wavefield"));
    drop(panic::take_hook());
    assert!(caught.is_err());
    let seen = SEEN.lock().unwrap_or_else(PoisonError::into_inner);
    assert!(seen.contains("this is a bug in retrograd"), "{seen}");
    assert!(seen.contains("a wavefield went missing (crates/cli/tests/panic.rs:"), "{seen}");
    assert!(seen.contains("/issues"), "{seen}");
}

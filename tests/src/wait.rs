//! Waiting for what another process does: until it is so, within a bound that only a failure reaches.

use std::time::{Duration, Instant};

/// How long anything may take before the test is given up. No test waits for this long when it passes.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// Looks again and again until `look` gives something.
///
/// # Panics
/// When it gives nothing within [`PATIENCE`]; the message names `what` was waited for.
pub fn until<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(begun.elapsed() < PATIENCE, "waited in vain for {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

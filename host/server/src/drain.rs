//! Going down without dropping a call: no new INVITEs, the rest finishes, then the end.

use std::thread;
use std::time::{Duration, Instant};

use siphon_core::Environment;

use crate::runtime::Runtime;

/// How often it looks whether anything is left.
const LOOK: Duration = Duration::from_millis(50);

/// Refuses new calls and waits until no request is in progress, `limit` has passed or `hurry` says to end now. Blocks.
pub(crate) fn drain(runtime: &Runtime, environment: &Environment, limit: Duration, hurry: &dyn Fn() -> bool) {
    environment.start_draining();
    let begun = Instant::now();
    tracing::info!(limit_secs = limit.as_secs_f64(), "draining: new calls get 503, the others may end");
    loop {
        let left = in_progress(runtime);
        if left == 0 {
            tracing::info!(after_secs = begun.elapsed().as_secs_f64(), "drained");
            return;
        }
        if begun.elapsed() >= limit || hurry() {
            tracing::warn!(requests = left, "ending with requests in progress");
            return;
        }
        thread::sleep(LOOK);
    }
}

fn in_progress(runtime: &Runtime) -> usize {
    let mut requests = runtime.backlog() + runtime.admission().running() + runtime.admission().waiting();
    runtime.inspect_shards(|shard| requests += shard.gauges().in_progress);
    requests
}

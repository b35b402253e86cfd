//! One-shot timers of scripts. Not SIP's timers, and not `timer.every`, which the handlers of a generation declare.

use std::time::Duration;

use siphon_sip::TenantId;

use crate::event::Callback;

/// Timers by key; a key is one timer in the whole tenant. They survive a reload and hold the generation that set them.
pub trait Timers: Send + Sync {
    /// Calls back once after `delay` with the key, on the generation that asks. The same key replaces. False when the
    /// tenant has as many timers as it may.
    fn set(&self, tenant: TenantId, generation: u64, key: &str, delay: Duration, callback: Callback) -> bool;

    /// Forgets a timer; false when there is none.
    fn cancel(&self, tenant: TenantId, key: &str) -> bool;

    /// How many are waiting.
    fn active_count(&self, tenant: TenantId) -> usize;
}

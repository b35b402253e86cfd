//! Timers that wait until the test takes them.

use std::collections::HashMap;
use std::time::Duration;

use parking_lot::Mutex;
use siphon_sip::TenantId;

use crate::event::{BackgroundEvent, Callback};
use crate::ports::Timers;

/// Timers by tenant and key.
#[derive(Debug, Default)]
pub struct KitTimers(Mutex<HashMap<(TenantId, String), (Duration, Callback)>>);

impl KitTimers {
    /// The delay of a timer.
    #[must_use]
    pub fn delay(&self, key: &str) -> Option<Duration> {
        self.0.lock().get(&(TenantId::DEFAULT, key.to_owned())).map(|(delay, _)| *delay)
    }

    /// Takes a timer as the event that it becomes when it is due.
    #[must_use]
    pub fn fire(&self, key: &str) -> Option<BackgroundEvent> {
        let (_, callback) = self.0.lock().remove(&(TenantId::DEFAULT, key.to_owned()))?;
        Some(BackgroundEvent::Timer { key: key.to_owned(), callback })
    }
}

impl Timers for KitTimers {
    fn set(&self, tenant: TenantId, _generation: u64, key: &str, delay: Duration, callback: Callback) -> bool {
        self.0.lock().insert((tenant, key.to_owned()), (delay, callback));
        true
    }

    fn cancel(&self, tenant: TenantId, key: &str) -> bool {
        self.0.lock().remove(&(tenant, key.to_owned())).is_some()
    }

    fn active_count(&self, tenant: TenantId) -> usize {
        self.0.lock().keys().filter(|(owner, _)| *owner == tenant).count()
    }
}

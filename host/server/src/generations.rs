//! The loaded generations: the current one of each tenant, swapped in one step, and those that still have calls.

use std::collections::HashMap;
use std::sync::{Arc, Weak};

use arc_swap::ArcSwap;
use parking_lot::Mutex;
use siphon_core::Generations;
use siphon_script::Generation;
use siphon_sip::TenantId;

/// Which generation a new request is given to, and which older ones live on.
#[derive(Default)]
pub(crate) struct LoadedGenerations {
    current: ArcSwap<HashMap<TenantId, Arc<Generation>>>,
    loaded: Mutex<Vec<Weak<Generation>>>,
}

impl LoadedGenerations {
    /// Makes a generation the current one of its tenant.
    pub(crate) fn swap(&self, generation: Arc<Generation>) {
        let mut loaded = self.loaded.lock();
        loaded.retain(|generation| generation.strong_count() > 0);
        loaded.push(Arc::downgrade(&generation));
        let mut current = HashMap::clone(&self.current.load());
        current.insert(generation.tenant, generation);
        self.current.store(Arc::new(current));
    }

    /// The current generation of a tenant.
    pub(crate) fn current_of(&self, tenant: TenantId) -> Option<Arc<Generation>> {
        self.current.load().get(&tenant).map(Arc::clone)
    }

    /// A generation that still lives, current or not.
    pub(crate) fn living(&self, tenant: TenantId, number: u64) -> Option<Arc<Generation>> {
        let loaded = self.loaded.lock();
        loaded.iter().filter_map(Weak::upgrade).find(|one| one.tenant == tenant && one.number == number)
    }

    /// How many generations live.
    pub(crate) fn living_count(&self) -> usize {
        self.loaded.lock().iter().filter(|generation| generation.strong_count() > 0).count()
    }

    /// Lets go of every generation.
    pub(crate) fn clear(&self) {
        self.current.store(Arc::default());
    }
}

impl Generations for LoadedGenerations {
    fn current(&self, tenant: TenantId) -> Option<Arc<Generation>> {
        self.current_of(tenant)
    }
}

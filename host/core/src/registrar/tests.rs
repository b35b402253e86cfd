//! RFC 3261 10.3 and what our own rules add to it, over a naive store.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use siphon_script::ports::{BindingStore, Handle, Location, Registration, StoreCounts, StoreError};
use siphon_script::{
    Aor, BindingChange, Contact, ContactUpdate, QValue, RegisterChange, RegisterKind, RegisterRefusal,
};
use siphon_sip::{ByteStr, Flow, ListenerId, SipUri, TenantId, Time, TransportProtocol};

use super::{Registrar, RegistrarObserver, RegistrarPolicy};

mod finding;
mod intervals;
mod notifications;
mod order;

const TENANT: TenantId = TenantId::DEFAULT;
const ALICE: &str = "sip:alice@example.com";

/// A store that does everything in the simplest way, for as many addresses as it is told.
struct NaiveStore {
    registrations: Mutex<BTreeMap<(TenantId, Aor), Registration>>,
    room: usize,
}

impl NaiveStore {
    fn new(room: usize) -> Arc<Self> {
        Arc::new(Self { registrations: Mutex::default(), room })
    }
}

impl BindingStore for NaiveStore {
    fn read(&self, tenant: TenantId, aor: &Aor, visit: &mut dyn FnMut(&Registration)) {
        if let Some(registration) = self.registrations.lock().get(&(tenant, aor.clone())) {
            visit(registration);
        }
    }

    fn find(&self, tenant: TenantId, handle: &Handle<'_>, visit: &mut dyn FnMut(&Aor, &Registration)) {
        for ((of, aor), registration) in &*self.registrations.lock() {
            if *of == tenant && registration.has_handle(handle) {
                visit(aor, registration);
            }
        }
    }

    fn update(
        &self,
        tenant: TenantId,
        aor: &Aor,
        edit: &mut dyn FnMut(&Registration) -> Option<Registration>,
    ) -> Result<(), StoreError> {
        let mut registrations = self.registrations.lock();
        let key = (tenant, aor.clone());
        let before = registrations.get(&key).cloned().unwrap_or_default();
        match edit(&before) {
            None => {}
            Some(after) if after.is_empty() => drop(registrations.remove(&key)),
            Some(after) => {
                if !registrations.contains_key(&key) && registrations.len() >= self.room {
                    return Err(StoreError::Full);
                }
                registrations.insert(key, after);
            }
        }
        Ok(())
    }

    fn due(&self, now: Time, limit: usize) -> Vec<(TenantId, Aor)> {
        let registrations = self.registrations.lock();
        let is_due = |registration: &Registration| registration.deadline().is_some_and(|deadline| deadline <= now);
        registrations.iter().filter(|(_, value)| is_due(value)).map(|(key, _)| key.clone()).take(limit).collect()
    }

    fn each(&self, tenant: TenantId, visit: &mut dyn FnMut(&Aor, &Registration)) {
        for ((_, aor), value) in self.registrations.lock().iter().filter(|((of, _), _)| *of == tenant) {
            visit(aor, value);
        }
    }

    fn counts(&self, tenant: TenantId) -> Result<StoreCounts, StoreError> {
        let mut counts = StoreCounts::default();
        self.each(tenant, &mut |_, registration| {
            counts.aors += u64::from(!registration.bindings.is_empty());
            counts.bindings += registration.bindings.len() as u64;
        });
        Ok(counts)
    }
}

/// A registrar with the default policy, and a user agent that registers with it.
struct Site {
    registrar: Registrar,
    now: Time,
}

impl Site {
    fn new() -> Self {
        Self::with_policy(RegistrarPolicy::default())
    }

    fn with_policy(policy: RegistrarPolicy) -> Self {
        Self { registrar: Registrar::new(NaiveStore::new(1000), policy, 7), now: Time::from_micros(5_000_000) }
    }

    fn wait(&mut self, seconds: u64) {
        self.now = self.now + Duration::from_secs(seconds);
    }

    fn apply(&self, change: &RegisterChange) -> Result<Vec<Contact>, RegisterRefusal> {
        self.registrar.apply(TENANT, change, self.now)
    }

    /// Registers contacts of Alice's with this Call-ID and CSeq.
    fn register(
        &self,
        call_id: &'static str,
        cseq: u32,
        contacts: impl IntoIterator<Item = ContactUpdate>,
    ) -> Result<Vec<String>, RegisterRefusal> {
        self.apply(&update(call_id, cseq, contacts)).map(|contacts| uris(&contacts))
    }

    fn lookup(&self) -> Vec<String> {
        uris(&self.contacts())
    }

    fn contacts(&self) -> Vec<Contact> {
        self.registrar.lookup(TENANT, &aor(ALICE), self.now)
    }
}

fn aor(text: &str) -> Aor {
    Aor::parse(text).unwrap()
}

fn uris(contacts: &[Contact]) -> Vec<String> {
    contacts.iter().map(|contact| contact.uri.to_string()).collect()
}

fn change(call_id: &'static str, cseq: u32, kind: RegisterKind) -> RegisterChange {
    RegisterChange { aor: aor(ALICE), aliases: None, kind, call_id: call_id.into(), cseq, force: false }
}

fn update(call_id: &'static str, cseq: u32, contacts: impl IntoIterator<Item = ContactUpdate>) -> RegisterChange {
    change(call_id, cseq, RegisterKind::Update { contacts: contacts.into_iter().collect() })
}

fn contact(uri: &str) -> ContactUpdate {
    ContactUpdate {
        uri: ByteStr::from(uri.to_owned()),
        expires: None,
        q: None,
        instance: None,
        reg_id: None,
        params: Vec::new(),
        path: Vec::new(),
        received: None,
        flow: None,
        flow_token: None,
    }
}

fn contact_for(uri: &str, expires: u32) -> ContactUpdate {
    ContactUpdate { expires: Some(expires), ..contact(uri) }
}

/// A contact of an outbound client (RFC 5626).
fn outbound(uri: &str, instance: &str, reg_id: u32) -> ContactUpdate {
    ContactUpdate { instance: Some(instance.to_owned()), reg_id: Some(reg_id), ..contact(uri) }
}

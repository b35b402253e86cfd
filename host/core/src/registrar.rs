//! The registrar (RFC 3261 10.3): the `Location` port over a store of bindings. It neither reads a REGISTER nor answers
//! one: `save` makes a [`RegisterChange`] of it, and the shard makes the 200.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use siphon_script::ports::{
    Binding, BindingStore, ContactAddress, Handle, Location, Profile, Registration, StoreCounts, StoreError,
};
use siphon_script::{Aor, BindingChange, Contact, RegisterChange, RegisterRefusal};
use siphon_sip::{ByteStr, SipUri, TenantId, Time};

pub mod policy;
pub mod rules;
#[cfg(test)]
mod tests;
mod view;

pub use policy::RegistrarPolicy;
pub use rules::Changes;

/// Addresses that one step of a sweep looks at.
const SWEEP_BATCH: usize = 256;

/// Hears of changed bindings. It is called after the change is visible, with no lock held, on the thread that made the
/// change; it must not wait. Two changes of one address on two threads may be told in either order.
pub trait RegistrarObserver: Send + Sync {
    /// Whether anybody wants to hear of the tenant's changes.
    fn wants(&self, tenant: TenantId) -> bool;

    /// The bindings of an address changed; `contacts` are those that it has now, in the order of a look-up.
    fn changed(&self, tenant: TenantId, aor: &Aor, change: BindingChange, contacts: &[Contact]);
}

/// The location service of this server.
pub struct Registrar {
    store: Arc<dyn BindingStore>,
    policy: RegistrarPolicy,
    observer: Option<Arc<dyn RegistrarObserver>>,
    /// When this node was started, for `instance_epoch`.
    epoch: u64,
    /// The latest time that any call brought: for those that bring none.
    latest: AtomicU64,
}

impl Registrar {
    /// A registrar over a store. `epoch` names this run of the node.
    #[must_use]
    pub fn new(store: Arc<dyn BindingStore>, policy: RegistrarPolicy, epoch: u64) -> Self {
        Self { store, policy, observer: None, epoch, latest: AtomicU64::new(0) }
    }

    /// The same with somebody who hears of changes.
    #[must_use]
    pub fn with_observer(self, observer: Arc<dyn RegistrarObserver>) -> Self {
        Self { observer: Some(observer), ..self }
    }

    /// Drops what has run out, some hundred addresses a call, and tells the observer. Returns how many addresses it
    /// looked at: when that is not 0, there may be more.
    pub fn sweep(&self, now: Time) -> usize {
        self.note(now);
        let due = self.store.due(now, SWEEP_BATCH);
        for (tenant, aor) in &due {
            self.expire(*tenant, aor, now);
        }
        due.len()
    }

    /// How much is registered.
    pub fn counts(&self, tenant: TenantId) -> Result<StoreCounts, StoreError> {
        self.store.counts(tenant)
    }

    /// Shows every address that has live bindings, with them, in no order.
    pub fn each(&self, tenant: TenantId, now: Time, visit: &mut dyn FnMut(&Aor, Vec<Contact>)) {
        self.store.each(tenant, &mut |aor, registration| {
            let contacts = self.contacts(&registration.bindings, now);
            if !contacts.is_empty() {
                visit(aor, contacts);
            }
        });
    }

    fn expire(&self, tenant: TenantId, aor: &Aor, now: Time) {
        let mut left = None;
        // A store that does not answer keeps the address due: the next sweep finds it again.
        let _ = self.store.update(tenant, aor, &mut |current| {
            let live = rules::live(&current.bindings, now);
            let has_expired = live.len() < current.bindings.len();
            left = has_expired.then(|| self.contacts(&live, now));
            let profile = current.profile.clone();
            let profile = profile.filter(|profile| !live.is_empty() || (!has_expired && now < profile.kept_until));
            Some(Registration { bindings: live, profile })
        });
        if let Some(contacts) = left {
            self.tell(tenant, aor, Changes { expired: true, ..Changes::default() }, &contacts);
        }
    }

    /// Runs `read` on the bindings of an address, or of the one that it is an alias of.
    fn resolve(&self, tenant: TenantId, aor: &Aor, read: &mut dyn FnMut(&Aor, &Registration)) {
        let mut is_known = false;
        self.store.read(tenant, aor, &mut |registration| {
            is_known = true;
            read(aor, registration);
        });
        if is_known {
            return;
        }
        self.store.find(tenant, &Handle::Alias(aor), &mut |canonical, registration| {
            // Two addresses with one alias: the first that the index gives.
            if !std::mem::replace(&mut is_known, true) {
                read(canonical, registration);
            }
        });
    }

    fn contacts(&self, bindings: &[Binding], now: Time) -> Vec<Contact> {
        view::contacts(bindings, self.epoch, now)
    }

    fn tell(&self, tenant: TenantId, aor: &Aor, changes: Changes, contacts: &[Contact]) {
        if let Some(observer) = self.observer.as_ref().filter(|observer| observer.wants(tenant)) {
            for change in changes.iter() {
                observer.changed(tenant, aor, change, contacts);
            }
        }
    }

    fn edit_profile(&self, tenant: TenantId, aor: &Aor, edit: impl Fn(&mut Profile)) {
        let kept_until = self.now() + Duration::from_secs(u64::from(self.policy.max_expires));
        // What a full store cannot keep is not kept: the port has no way to say so.
        let _ = self.store.update(tenant, aor, &mut |current| {
            let mut profile = current.profile.clone().unwrap_or_default();
            edit(&mut profile);
            profile.kept_until = kept_until;
            Some(Registration { bindings: current.bindings.clone(), profile: (!profile.is_empty()).then_some(profile) })
        });
    }

    fn profile<T: Default>(&self, tenant: TenantId, aor: &Aor, read: impl Fn(&Profile) -> T) -> T {
        let mut found = T::default();
        self.resolve(tenant, aor, &mut |_, registration| {
            found = registration.profile.as_deref().map(&read).unwrap_or_default();
        });
        found
    }

    /// The bindings after these changes of one address.
    fn fold(
        &self,
        current: &[Binding],
        changes: &[RegisterChange],
        now: Time,
    ) -> Result<Vec<Binding>, RegisterRefusal> {
        let live = rules::live(current, now);
        changes
            .iter()
            .try_fold(live, |bindings, change| Ok(rules::apply(&bindings, change, &self.policy, now)?.bindings))
    }

    fn note(&self, now: Time) {
        self.latest.fetch_max(now.as_micros(), Ordering::Relaxed);
    }

    fn now(&self) -> Time {
        Time::from_micros(self.latest.load(Ordering::Relaxed))
    }
}

/// What is kept besides the bindings after a change.
fn next_profile(current: &Registration, change: &RegisterChange, bindings: &[Binding]) -> Option<Box<Profile>> {
    if bindings.is_empty() {
        // It goes with the last binding; one that waits for the first is left.
        return current.profile.clone().filter(|_| current.bindings.is_empty());
    }
    let Some(aliases) = &change.aliases else { return current.profile.clone() };
    let mut profile = current.profile.clone().unwrap_or_default();
    profile.aliases.clone_from(aliases);
    (!profile.is_empty()).then_some(profile)
}

impl Location for Registrar {
    fn lookup(&self, tenant: TenantId, aor: &Aor, now: Time) -> Vec<Contact> {
        self.note(now);
        let mut contacts = Vec::new();
        self.resolve(tenant, aor, &mut |_, registration| contacts = self.contacts(&registration.bindings, now));
        contacts
    }

    fn canonical(&self, tenant: TenantId, aor: &Aor) -> Aor {
        let mut canonical = aor.clone();
        self.resolve(tenant, aor, &mut |found, _| canonical = found.clone());
        canonical
    }

    fn preview(
        &self,
        tenant: TenantId,
        changes: &[RegisterChange],
        now: Time,
    ) -> Result<Vec<Contact>, RegisterRefusal> {
        self.note(now);
        let Some(change) = changes.first() else { return Ok(Vec::new()) };
        let mut current = Vec::new();
        self.store.read(tenant, &change.aor, &mut |registration| current.clone_from(&registration.bindings));
        Ok(self.contacts(&self.fold(&current, changes, now)?, now))
    }

    fn apply(&self, tenant: TenantId, change: &RegisterChange, now: Time) -> Result<Vec<Contact>, RegisterRefusal> {
        self.note(now);
        let mut outcome = Err(RegisterRefusal::Full);
        let stored = self.store.update(tenant, &change.aor, &mut |current| match rules::apply(
            &current.bindings,
            change,
            &self.policy,
            now,
        ) {
            Ok(applied) => {
                outcome = Ok((self.contacts(&applied.bindings, now), applied.changes));
                let profile = next_profile(current, change, &applied.bindings);
                Some(Registration { bindings: applied.bindings, profile })
            }
            Err(refusal) => {
                outcome = Err(refusal);
                None
            }
        });
        let (contacts, changes) = outcome?;
        stored.map_err(|_| RegisterRefusal::Full)?;
        self.tell(tenant, &change.aor, changes, &contacts);
        Ok(contacts)
    }

    fn reverse_lookup(&self, tenant: TenantId, uri: &SipUri, now: Time) -> Vec<Contact> {
        let address = ContactAddress::of(uri);
        let mut found = Vec::new();
        self.store.find(tenant, &Handle::Contact(&address), &mut |_, registration| {
            let is_at = |binding: &&Binding| ContactAddress::of_text(&binding.uri).as_ref() == Some(&address);
            let bindings = registration.bindings.iter().filter(is_at).cloned().collect::<Vec<_>>();
            found.extend(self.contacts(&bindings, now));
        });
        found
    }

    fn lookup_by_token(&self, tenant: TenantId, token: &str, now: Time) -> Option<Contact> {
        let mut found: Option<Contact> = None;
        self.store.find(tenant, &Handle::FlowToken(token), &mut |_, registration| {
            let has_token = |binding: &&Binding| binding.flow_token.as_deref() == Some(token);
            let bindings = registration.bindings.iter().filter(has_token).cloned().collect::<Vec<_>>();
            // Of several the most recent one: the token was given anew.
            for contact in self.contacts(&bindings, now) {
                if found.as_ref().is_none_or(|other| contact.age_secs < other.age_secs) {
                    found = Some(contact);
                }
            }
        });
        found
    }

    fn aor_count(&self, tenant: TenantId) -> Result<u64, String> {
        self.counts(tenant).map(|counts| counts.aors).map_err(|error| error.to_string())
    }

    fn asserted_identity(&self, tenant: TenantId, aor: &Aor) -> Option<String> {
        self.profile(tenant, aor, |profile| profile.associated_uris.first().cloned())
    }

    fn service_route(&self, tenant: TenantId, aor: &Aor) -> Vec<ByteStr> {
        self.profile(tenant, aor, |profile| profile.service_routes.clone())
    }

    fn set_service_routes(&self, tenant: TenantId, aor: &Aor, routes: Vec<ByteStr>) {
        // Copies, so that the table does not hold on to a whole message.
        self.edit_profile(tenant, aor, |profile| {
            profile.service_routes = routes.iter().map(ByteStr::detached).collect();
        });
    }

    fn associated_uris(&self, tenant: TenantId, aor: &Aor) -> Vec<String> {
        self.profile(tenant, aor, |profile| profile.associated_uris.clone())
    }

    fn set_associated_uris(&self, tenant: TenantId, aor: &Aor, uris: Vec<String>) {
        self.edit_profile(tenant, aor, |profile| profile.associated_uris.clone_from(&uris));
    }
}

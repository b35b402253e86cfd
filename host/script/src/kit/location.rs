//! Bindings in a map. A binding is the one with the same Contact text; the real location service knows better.

use std::collections::HashMap;

use parking_lot::Mutex;
use siphon_sip::{ByteStr, SipUri, TenantId, Time, Uri};

use crate::aor::Aor;
use crate::contact::{Contact, ContactKind};
use crate::ports::Location;
use crate::register::{ContactUpdate, RegisterChange, RegisterKind, RegisterRefusal};

/// What the location service accepts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    /// Seconds when a REGISTER names none.
    pub default_expires: u32,
    /// The fewest seconds that may be asked for.
    pub min_expires: u32,
    /// The most seconds that are granted.
    pub max_expires: u32,
    /// The most bindings of one address.
    pub max_contacts: usize,
}

impl Default for Policy {
    fn default() -> Self {
        Self { default_expires: 3600, min_expires: 60, max_expires: 7200, max_contacts: 10 }
    }
}

/// Bindings of all tenants.
#[derive(Debug, Default)]
pub struct KitLocation {
    /// What it accepts.
    pub policy: Mutex<Policy>,
    /// What [`Location::apply`] did, in order.
    pub applied: Mutex<Vec<RegisterChange>>,
    tables: Mutex<Tables>,
}

#[derive(Debug, Default)]
struct Tables {
    bindings: HashMap<(TenantId, Aor), Vec<Binding>>,
    aliases: HashMap<(TenantId, Aor), Aor>,
    service_routes: HashMap<(TenantId, Aor), Vec<ByteStr>>,
    associated_uris: HashMap<(TenantId, Aor), Vec<String>>,
}

#[derive(Clone, Debug)]
struct Binding {
    contact: Contact,
    call_id: ByteStr,
    cseq: u32,
    since: Time,
}

impl KitLocation {
    /// Adds a binding without a REGISTER.
    pub fn add(&self, aor: &Aor, contact: Contact, now: Time) {
        let binding = Binding { contact, call_id: ByteStr::new(), cseq: 0, since: now };
        self.tables.lock().bindings.entry((TenantId::DEFAULT, aor.clone())).or_default().push(binding);
    }

    fn bindings(&self, tenant: TenantId, aor: &Aor) -> Vec<Binding> {
        let owner = self.canonical(tenant, aor);
        self.tables.lock().bindings.get(&(tenant, owner)).cloned().unwrap_or_default()
    }

    fn changed(
        &self,
        mut bindings: Vec<Binding>,
        change: &RegisterChange,
        now: Time,
    ) -> Result<Vec<Binding>, RegisterRefusal> {
        let policy = *self.policy.lock();
        if change.force {
            bindings.clear();
        }
        let is_old = |binding: &Binding| binding.call_id == change.call_id && binding.cseq >= change.cseq;
        match &change.kind {
            RegisterKind::Query => {}
            RegisterKind::RemoveAll if bindings.iter().any(is_old) => return Err(RegisterRefusal::OutOfOrder),
            RegisterKind::RemoveAll => bindings.clear(),
            RegisterKind::Update { contacts } => {
                for update in contacts {
                    let expires = update.expires.unwrap_or(policy.default_expires);
                    if expires != 0 && expires < policy.min_expires {
                        return Err(RegisterRefusal::IntervalTooBrief { min: policy.min_expires });
                    }
                    let known = bindings.iter().position(|binding| binding.contact.uri == update.uri);
                    if known.is_some_and(|at| is_old(&bindings.remove(at))) {
                        return Err(RegisterRefusal::OutOfOrder);
                    }
                    if expires != 0 {
                        let contact = contact(update, expires.min(policy.max_expires));
                        let (call_id, cseq) = (change.call_id.clone(), change.cseq);
                        bindings.push(Binding { contact, call_id, cseq, since: now });
                    }
                }
            }
        }
        if bindings.len() > policy.max_contacts { Err(RegisterRefusal::TooManyContacts) } else { Ok(bindings) }
    }
}

impl Location for KitLocation {
    fn lookup(&self, tenant: TenantId, aor: &Aor, now: Time) -> Vec<Contact> {
        live(self.bindings(tenant, aor), now)
    }

    fn canonical(&self, tenant: TenantId, aor: &Aor) -> Aor {
        self.tables.lock().aliases.get(&(tenant, aor.clone())).unwrap_or(aor).clone()
    }

    fn preview(
        &self,
        tenant: TenantId,
        changes: &[RegisterChange],
        now: Time,
    ) -> Result<Vec<Contact>, RegisterRefusal> {
        let Some(first) = changes.first() else { return Ok(Vec::new()) };
        let start = self.bindings(tenant, &first.aor);
        let end = changes.iter().try_fold(start, |bindings, change| self.changed(bindings, change, now))?;
        Ok(live(end, now))
    }

    fn apply(&self, tenant: TenantId, change: &RegisterChange, now: Time) -> Result<Vec<Contact>, RegisterRefusal> {
        let bindings = self.changed(self.bindings(tenant, &change.aor), change, now)?;
        self.applied.lock().push(change.clone());
        let mut tables = self.tables.lock();
        for alias in change.aliases.iter().flatten() {
            tables.aliases.insert((tenant, alias.clone()), change.aor.clone());
        }
        tables.bindings.insert((tenant, change.aor.clone()), bindings.clone());
        Ok(live(bindings, now))
    }

    fn reverse_lookup(&self, tenant: TenantId, uri: &SipUri, now: Time) -> Vec<Contact> {
        let is_at = |contact: &Contact| {
            let Ok(Uri::Sip(other)) = Uri::parse(&contact.uri) else { return false };
            (other.user.as_ref(), &other.host, other.effective_port())
                == (uri.user.as_ref(), &uri.host, uri.effective_port())
        };
        self.all(tenant, now).into_iter().filter(is_at).collect()
    }

    fn lookup_by_token(&self, tenant: TenantId, token: &str, now: Time) -> Option<Contact> {
        self.all(tenant, now).into_iter().find(|contact| contact.flow_token.as_deref() == Some(token))
    }

    fn aor_count(&self, tenant: TenantId) -> Result<u64, String> {
        let tables = self.tables.lock();
        let registered = tables.bindings.iter().filter(|((owner, _), list)| *owner == tenant && !list.is_empty());
        Ok(registered.count() as u64)
    }

    fn asserted_identity(&self, tenant: TenantId, aor: &Aor) -> Option<String> {
        self.associated_uris(tenant, aor).into_iter().next()
    }

    fn service_route(&self, tenant: TenantId, aor: &Aor) -> Vec<ByteStr> {
        self.tables.lock().service_routes.get(&(tenant, aor.clone())).cloned().unwrap_or_default()
    }

    fn set_service_routes(&self, tenant: TenantId, aor: &Aor, routes: Vec<ByteStr>) {
        self.tables.lock().service_routes.insert((tenant, aor.clone()), routes);
    }

    fn associated_uris(&self, tenant: TenantId, aor: &Aor) -> Vec<String> {
        self.tables.lock().associated_uris.get(&(tenant, aor.clone())).cloned().unwrap_or_default()
    }

    fn set_associated_uris(&self, tenant: TenantId, aor: &Aor, uris: Vec<String>) {
        self.tables.lock().associated_uris.insert((tenant, aor.clone()), uris);
    }
}

impl KitLocation {
    fn all(&self, tenant: TenantId, now: Time) -> Vec<Contact> {
        let tables = self.tables.lock();
        let of_tenant = tables.bindings.iter().filter(|((owner, _), _)| *owner == tenant);
        of_tenant.flat_map(|(_, bindings)| live(bindings.clone(), now)).collect()
    }
}

/// The bindings that have not expired, in the order of a look-up.
fn live(mut bindings: Vec<Binding>, now: Time) -> Vec<Contact> {
    bindings.sort_by_key(|binding| std::cmp::Reverse((binding.contact.preference(), binding.since)));
    let aged = bindings.into_iter().map(|binding| {
        let age_secs = u32::try_from(now.since(binding.since).as_secs()).unwrap_or(u32::MAX);
        Contact { expires: binding.contact.expires.saturating_sub(age_secs), age_secs, ..binding.contact }
    });
    aged.filter(|contact| contact.expires > 0 && contact.kind == ContactKind::UserAgent).collect()
}

fn contact(update: &ContactUpdate, expires: u32) -> Contact {
    Contact {
        uri: update.uri.clone(),
        received: update.received.clone(),
        q: update.q,
        expires,
        age_secs: 0,
        path: update.path.clone(),
        instance_id: update.instance.clone(),
        reg_id: update.reg_id,
        instance_epoch: 0,
        is_local: update.flow.is_some(),
        flow_token: update.flow_token.clone(),
        flow: update.flow,
        params: update.params.clone(),
        kind: ContactKind::UserAgent,
    }
}

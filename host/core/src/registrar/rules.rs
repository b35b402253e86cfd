//! RFC 3261 10.3, steps 6 and 7, as functions from bindings to bindings. They touch no store, so that a change which
//! fails half way has changed nothing.

use std::time::Duration;

use siphon_script::ports::Binding;
use siphon_script::{BindingChange, ContactUpdate, RegisterChange, RegisterKind, RegisterRefusal};
use siphon_sip::{ByteStr, Time, Uri};

use super::policy::RegistrarPolicy;

/// From this interval on a request is never too brief (RFC 3261 10.3 step 7).
const NEVER_TOO_BRIEF: u32 = 3600;

/// What a change gives.
#[derive(Clone, Debug, PartialEq)]
pub struct Applied {
    /// The bindings of the address now. All of them are live.
    pub bindings: Vec<Binding>,
    /// What happened to them.
    pub changes: Changes,
}

/// What happened to the bindings of one address, each kind once however many bindings it concerns.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// One had run out and nobody had noticed yet.
    pub expired: bool,
    /// One was removed.
    pub deregistered: bool,
    /// One was added.
    pub registered: bool,
    /// One was refreshed.
    pub refreshed: bool,
}

impl Changes {
    /// The kinds that are there: what went before what came.
    pub fn iter(self) -> impl Iterator<Item = BindingChange> {
        [
            (self.expired, BindingChange::Expired),
            (self.deregistered, BindingChange::Deregistered),
            (self.registered, BindingChange::Registered),
            (self.refreshed, BindingChange::Refreshed),
        ]
        .into_iter()
        .filter_map(|(is_there, change)| is_there.then_some(change))
    }
}

/// The bindings that still count.
#[must_use]
pub fn live(bindings: &[Binding], now: Time) -> Vec<Binding> {
    bindings.iter().filter(|binding| binding.is_live(now)).cloned().collect()
}

/// The bindings after a change, or why it is refused.
pub fn apply(
    current: &[Binding],
    change: &RegisterChange,
    policy: &RegistrarPolicy,
    now: Time,
) -> Result<Applied, RegisterRefusal> {
    let live = live(current, now);
    let mut changes = Changes { expired: live.len() < current.len(), ..Changes::default() };
    let bindings = match &change.kind {
        RegisterKind::Query => live,
        RegisterKind::RemoveAll => {
            for binding in &live {
                check_order(binding, change)?;
            }
            changes.deregistered = !live.is_empty();
            Vec::new()
        }
        RegisterKind::Update { contacts } => {
            let before = live.len();
            let mut draft = Draft::new(live, change, policy, now);
            for contact in contacts {
                draft.take(contact, &mut changes)?;
            }
            let bindings = draft.finish(&mut changes);
            if bindings.len() > policy.max_contacts && bindings.len() > before {
                return Err(RegisterRefusal::TooManyContacts);
            }
            bindings
        }
    };
    Ok(Applied { bindings, changes })
}

/// A REGISTER of the same Call-ID must have a higher CSeq than the one that made the binding; one of another Call-ID
/// comes from a user agent that started anew.
fn check_order(binding: &Binding, change: &RegisterChange) -> Result<(), RegisterRefusal> {
    let is_late = *binding.call_id == *change.call_id && change.cseq <= binding.cseq;
    if is_late && !change.force { Err(RegisterRefusal::OutOfOrder) } else { Ok(()) }
}

/// The bindings while the Contacts of one REGISTER are worked in.
struct Draft<'a> {
    entries: Vec<DraftEntry>,
    change: &'a RegisterChange,
    policy: &'a RegistrarPolicy,
    now: Time,
}

struct DraftEntry {
    binding: Binding,
    /// The URI, read when it is first compared.
    uri: Option<Uri>,
    /// This REGISTER made or refreshed it.
    is_ours: bool,
}

impl<'a> Draft<'a> {
    fn new(live: Vec<Binding>, change: &'a RegisterChange, policy: &'a RegistrarPolicy, now: Time) -> Self {
        let entries = live.into_iter().map(|binding| DraftEntry { binding, uri: None, is_ours: false }).collect();
        Self { entries, change, policy, now }
    }

    /// Step 7 for one Contact.
    fn take(&mut self, contact: &ContactUpdate, changes: &mut Changes) -> Result<(), RegisterRefusal> {
        let granted = grant(contact.expires, self.policy)?;
        let matching = self.matching(contact);
        for place in &matching {
            // What this REGISTER made itself has its CSeq; of two Contacts for one binding the later counts.
            if let Some(entry) = self.entries.get(*place).filter(|entry| !entry.is_ours) {
                check_order(&entry.binding, self.change)?;
            }
        }
        if granted == 0 {
            changes.deregistered |= !matching.is_empty();
            let mut place = 0;
            self.entries.retain(|_| {
                place += 1;
                !matching.contains(&(place - 1))
            });
            return Ok(());
        }
        let binding = self.binding(contact, granted)?;
        let entry = DraftEntry { binding, uri: None, is_ours: true };
        match matching.first().and_then(|place| self.entries.get_mut(*place)) {
            Some(existing) => {
                changes.refreshed |= !existing.is_ours;
                *existing = entry;
            }
            None => {
                changes.registered = true;
                self.entries.push(entry);
            }
        }
        Ok(())
    }

    /// A forced change keeps nothing that it did not name.
    fn finish(self, changes: &mut Changes) -> Vec<Binding> {
        let force = self.change.force;
        let before = self.entries.len();
        let bindings: Vec<_> =
            self.entries.into_iter().filter(|entry| entry.is_ours || !force).map(|entry| entry.binding).collect();
        changes.deregistered |= bindings.len() < before;
        bindings
    }

    /// The places of the bindings that a Contact names; one with the very same URI first. A Contact without instance
    /// and reg-id may name several.
    fn matching(&mut self, contact: &ContactUpdate) -> Vec<usize> {
        let wanted = outbound_key(contact);
        let mut wanted_uri = None;
        let mut matching = Vec::new();
        for (place, entry) in self.entries.iter_mut().enumerate() {
            match (wanted, entry.binding.outbound_key()) {
                (Some(wanted), Some(key)) => {
                    if wanted.0.eq_ignore_ascii_case(key.0) && wanted.1 == key.1 {
                        matching.push(place);
                    }
                }
                _ if *entry.binding.uri == *contact.uri => matching.insert(0, place),
                _ => {
                    let wanted = wanted_uri.get_or_insert_with(|| Uri::parse(contact.uri.clone()).ok());
                    if wanted.as_ref().is_some_and(|wanted| entry.has_uri(wanted)) {
                        matching.push(place);
                    }
                }
            }
        }
        matching
    }

    fn binding(&self, contact: &ContactUpdate, granted: u32) -> Result<Binding, RegisterRefusal> {
        let text = |text: &Option<String>| text.as_deref().map(Box::from);
        let params = contact.params.iter().map(|(name, value)| (name.as_str().into(), text(value))).collect();
        let binding = Binding {
            uri: contact.uri.as_bytes().into(),
            call_id: self.change.call_id.as_bytes().into(),
            cseq: self.change.cseq,
            q: contact.q,
            expires_at: self.now + Duration::from_secs(u64::from(granted)),
            refreshed_at: self.now,
            instance: text(&contact.instance),
            reg_id: contact.reg_id,
            params,
            path: contact.path.iter().map(|hop| hop.as_bytes().into()).collect(),
            received: text(&contact.received),
            flow: contact.flow,
            flow_token: text(&contact.flow_token),
        };
        if binding.heap_bytes() > self.policy.max_binding_bytes {
            return Err(RegisterRefusal::Invalid("Contact Too Long"));
        }
        Ok(binding)
    }
}

impl DraftEntry {
    fn has_uri(&mut self, other: &Uri) -> bool {
        if self.uri.is_none() {
            self.uri = Uri::parse(ByteStr::copy_from_slice(&self.binding.uri)).ok();
        }
        self.uri.as_ref().is_some_and(|uri| uri.equivalent(other))
    }
}

/// Instance and reg-id when both are there (RFC 5626 6).
fn outbound_key(contact: &ContactUpdate) -> Option<(&str, u32)> {
    contact.instance.as_deref().zip(contact.reg_id)
}

/// The seconds that a Contact gets; 0 removes it.
fn grant(asked: Option<u32>, policy: &RegistrarPolicy) -> Result<u32, RegisterRefusal> {
    match asked {
        None => Ok(policy.default_expires.min(policy.max_expires).max(1)),
        Some(0) => Ok(0),
        Some(asked) if asked < NEVER_TOO_BRIEF && asked < policy.min_expires => {
            Err(RegisterRefusal::IntervalTooBrief { min: policy.min_expires })
        }
        Some(asked) => Ok(asked.min(policy.max_expires).max(1)),
    }
}

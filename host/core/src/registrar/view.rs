//! Bindings as look-ups give them: snapshots in the order in which they are to be tried.

use std::cmp::Reverse;

use siphon_script::ports::Binding;
use siphon_script::{Contact, ContactKind};
use siphon_sip::{ByteStr, Time};

/// The live bindings, the highest q first, then the most recently refreshed.
pub(super) fn contacts(bindings: &[Binding], epoch: u64, now: Time) -> Vec<Contact> {
    let mut live: Vec<_> = bindings.iter().filter(|binding| binding.is_live(now)).collect();
    live.sort_by_key(|binding| (Reverse(binding.q.unwrap_or_default()), Reverse(binding.refreshed_at)));
    live.into_iter().map(|binding| contact(binding, epoch, now)).collect()
}

fn contact(binding: &Binding, epoch: u64, now: Time) -> Contact {
    let text = |text: &Option<Box<str>>| text.as_deref().map(str::to_owned);
    Contact {
        uri: ByteStr::copy_from_slice(&binding.uri),
        received: text(&binding.received),
        q: binding.q,
        expires: seconds(binding.expires_at, now).max(1),
        age_secs: seconds(now, binding.refreshed_at),
        path: binding.path.iter().map(|hop| ByteStr::copy_from_slice(hop)).collect(),
        instance_id: text(&binding.instance),
        reg_id: binding.reg_id,
        instance_epoch: epoch,
        is_local: true,
        flow_token: text(&binding.flow_token),
        flow: binding.flow,
        params: binding.params.iter().map(|(name, value)| (name.to_string(), text(value))).collect(),
        kind: ContactKind::UserAgent,
    }
}

/// Whole seconds from `start` to `end`.
fn seconds(end: Time, start: Time) -> u32 {
    u32::try_from(end.since(start).as_secs()).unwrap_or(u32::MAX)
}

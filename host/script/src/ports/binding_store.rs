//! Where bindings are kept: what a back end of the registrar implements. It knows neither intervals nor CSeq: those are
//! the registrar's rules, which a store only runs in one step for one address.

use std::fmt;

use siphon_sip::{ByteStr, Flow, SipUri, TenantId, Time, Uri, unescape};

use crate::aor::Aor;
use crate::contact::QValue;

/// One binding as it is kept: no longer than its text needs.
#[derive(Clone, Debug, PartialEq)]
pub struct Binding {
    /// The Contact URI as it came.
    pub uri: Box<[u8]>,
    /// The Call-ID of the REGISTER that made or refreshed it.
    pub call_id: Box<[u8]>,
    /// The CSeq number of that REGISTER.
    pub cseq: u32,
    /// The `q` parameter.
    pub q: Option<QValue>,
    /// From here on it does not count any more.
    pub expires_at: Time,
    /// When it was made or last refreshed.
    pub refreshed_at: Time,
    /// `+sip.instance` as it stood between the quotes.
    pub instance: Option<Box<str>>,
    /// `reg-id` (RFC 5626).
    pub reg_id: Option<u32>,
    /// Every other parameter of the Contact, in order.
    pub params: Box<[ContactParam]>,
    /// The Path of the REGISTER, top first (RFC 3327).
    pub path: Box<[Box<[u8]>]>,
    /// Where the REGISTER came from, when it came straight from the user agent: `sip:192.0.2.7:5060;transport=udp`.
    pub received: Option<Box<str>>,
    /// The way that the REGISTER came in, when it came straight from the user agent.
    pub flow: Option<Flow>,
    /// A token of the script's to find the binding by.
    pub flow_token: Option<Box<str>>,
}

/// Name and value of a parameter.
pub type ContactParam = (Box<str>, Option<Box<str>>);

impl Binding {
    /// Whether it still counts.
    #[must_use]
    pub fn is_live(&self, now: Time) -> bool {
        now < self.expires_at
    }

    /// Instance and reg-id when both are there: what makes the binding whatever its URI (RFC 5626 6).
    #[must_use]
    pub fn outbound_key(&self) -> Option<(&str, u32)> {
        self.instance.as_deref().zip(self.reg_id)
    }

    /// The bytes of its texts, and of the lists that hold them; what the allocator adds does not count.
    #[must_use]
    pub fn heap_bytes(&self) -> usize {
        let text = |text: &Option<Box<str>>| text.as_ref().map_or(0, |text| text.len());
        let params: usize = self.params.iter().map(|(name, value)| name.len() + text(value)).sum();
        let path: usize = self.path.iter().map(|hop| hop.len()).sum();
        self.uri.len()
            + self.call_id.len()
            + text(&self.instance)
            + text(&self.received)
            + text(&self.flow_token)
            + params
            + path
            + size_of_val(&*self.params)
            + size_of_val(&*self.path)
    }
}

/// Everything that is kept for one address of record.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Registration {
    /// In the order in which they were added.
    pub bindings: Vec<Binding>,
    /// What most addresses do not have.
    pub profile: Option<Box<Profile>>,
}

/// What a script keeps for an address besides its bindings. It goes with the last binding.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Profile {
    /// Further addresses under which the bindings are found.
    pub aliases: Vec<Aor>,
    /// RFC 3608, top first.
    pub service_routes: Vec<ByteStr>,
    /// RFC 7315 4.1, in order; each is an alias too.
    pub associated_uris: Vec<String>,
    /// How long it is kept while there is no binding.
    pub kept_until: Time,
}

impl Profile {
    /// Whether it says nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.aliases.is_empty() && self.service_routes.is_empty() && self.associated_uris.is_empty()
    }
}

impl Registration {
    /// Whether nothing is kept.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.bindings.is_empty() && self.profile.is_none()
    }

    /// When something of it runs out next; `None` when it is empty.
    #[must_use]
    pub fn deadline(&self) -> Option<Time> {
        let earliest = self.bindings.iter().map(|binding| binding.expires_at).min();
        earliest.or_else(|| self.profile.as_ref().map(|profile| profile.kept_until))
    }

    /// Shows every handle that it can be found by besides its address.
    pub fn visit_handles(&self, visit: &mut dyn FnMut(Handle<'_>)) {
        for binding in &self.bindings {
            if let Some(address) = ContactAddress::of_text(&binding.uri) {
                visit(Handle::Contact(&address));
            }
            if let Some(token) = &binding.flow_token {
                visit(Handle::FlowToken(token));
            }
        }
        if let Some(profile) = &self.profile {
            for alias in &profile.aliases {
                visit(Handle::Alias(alias));
            }
            for alias in profile.associated_uris.iter().filter_map(|uri| Aor::parse(uri).ok()) {
                visit(Handle::Alias(&alias));
            }
        }
    }

    /// Whether it can be found by `handle`.
    #[must_use]
    pub fn has_handle(&self, handle: &Handle<'_>) -> bool {
        let mut found = false;
        self.visit_handles(&mut |own| found |= own == *handle);
        found
    }

    /// Whether both have the same handles as far as that can be said without reading a URI. False when in doubt.
    #[must_use]
    pub fn handles_unchanged(&self, other: &Self) -> bool {
        self.profile == other.profile
            && self.bindings.len() == other.bindings.len()
            && self
                .bindings
                .iter()
                .zip(&other.bindings)
                .all(|(one, two)| one.uri == two.uri && one.flow_token == two.flow_token)
    }
}

/// Another way to find a registration than by its address of record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Handle<'a> {
    /// An alias of the address.
    Alias(&'a Aor),
    /// The address of one of its contacts.
    Contact(&'a ContactAddress),
    /// The flow token of one of its bindings.
    FlowToken(&'a str),
}

/// User, host and port of a Contact, in one spelling: escapes undone, the host in lower case, the port filled in.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ContactAddress(Box<[u8]>);

impl ContactAddress {
    /// Of a URI. A missing port is the scheme's.
    #[must_use]
    pub fn of(uri: &SipUri) -> Self {
        let mut key = Vec::with_capacity(64);
        if let Some(user) = &uri.user {
            key.extend_from_slice(&unescape(user));
            key.push(b'@');
        }
        let host_at = key.len();
        uri.host.write(&mut key);
        if let Some(host) = key.get_mut(host_at..) {
            host.make_ascii_lowercase();
        }
        let port = uri.port.unwrap_or(if uri.secure { 5061 } else { 5060 });
        key.push(b':');
        key.extend_from_slice(port.to_string().as_bytes());
        Self(key.into())
    }

    /// Of the text of a URI; `None` when it is no `sip` or `sips` URI.
    #[must_use]
    pub fn of_text(uri: &[u8]) -> Option<Self> {
        Uri::parse(ByteStr::copy_from_slice(uri)).ok()?.as_sip().map(Self::of)
    }
}

impl fmt::Display for ContactAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&String::from_utf8_lossy(&self.0))
    }
}

/// Why a store did not keep something. Nothing of it was kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// It holds as many addresses as it may.
    #[error("the location table is full")]
    Full,
    /// The back end does not answer.
    #[error("the location back end does not answer")]
    Unavailable,
}

/// How much a store holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StoreCounts {
    /// Addresses of record with at least one binding, expired ones included until they are swept.
    pub aors: u64,
    /// Bindings.
    pub bindings: u64,
}

/// A store of registrations. The functions that it is given must not call it again.
pub trait BindingStore: Send + Sync {
    /// Shows what is kept for an address; not called when there is nothing.
    fn read(&self, tenant: TenantId, aor: &Aor, visit: &mut dyn FnMut(&Registration));

    /// Shows every registration that has the handle, with its address.
    fn find(&self, tenant: TenantId, handle: &Handle<'_>, visit: &mut dyn FnMut(&Aor, &Registration));

    /// Changes what is kept for an address in one step: `edit` sees what there is and gives what shall be, an empty
    /// registration to keep nothing, or `None` to leave it. It may be called again when another change came between.
    fn update(
        &self,
        tenant: TenantId,
        aor: &Aor,
        edit: &mut dyn FnMut(&Registration) -> Option<Registration>,
    ) -> Result<(), StoreError>;

    /// Addresses of which something has run out, `limit` at most. They come again until they were updated.
    fn due(&self, now: Time, limit: usize) -> Vec<(TenantId, Aor)>;

    /// Shows every registration of a tenant with its address, in no order.
    fn each(&self, tenant: TenantId, visit: &mut dyn FnMut(&Aor, &Registration));

    /// How much is kept for a tenant.
    fn counts(&self, tenant: TenantId) -> Result<StoreCounts, StoreError>;
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(uri: &str) -> String {
        ContactAddress::of_text(uri.as_bytes()).unwrap().to_string()
    }

    #[test]
    fn a_contact_address_has_one_spelling() {
        assert_eq!(address("sip:%61lice@PC33.Example.com;transport=tcp"), "alice@pc33.example.com:5060");
        assert_eq!(address("sips:alice@192.0.2.1"), "alice@192.0.2.1:5061");
        assert_eq!(address("sip:[2001:DB8::1]:5070"), "[2001:db8::1]:5070");
        assert_eq!(ContactAddress::of_text(b"mailto:alice@example.com"), None);
    }

    #[test]
    fn a_registration_is_found_by_its_aliases_and_by_its_associated_uris() {
        let profile = Profile {
            aliases: vec![Aor::parse("sip:one@example.com").unwrap()],
            associated_uris: vec!["<sip:two@example.com>".to_owned(), String::new()],
            ..Profile::default()
        };
        let registration = Registration { bindings: Vec::new(), profile: Some(profile.into()) };
        for (alias, found) in [("sip:one@example.com", true), ("sip:two@example.com", true), ("sip:x@y", false)] {
            assert_eq!(registration.has_handle(&Handle::Alias(&Aor::parse(alias).unwrap())), found, "{alias}");
        }
    }
}

//! The location service: bindings of addresses of record. It decides nothing about who may register.

use siphon_sip::{ByteStr, TenantId, Time};

use crate::aor::Aor;
use crate::contact::Contact;
use crate::register::{RegisterChange, RegisterRefusal};

/// Bindings, with the policy for intervals and their number. Every change of one address is atomic.
///
/// Look-ups return live bindings of user agents only, the highest q first, then the most recently refreshed, and
/// resolve aliases.
pub trait Location: Send + Sync {
    /// The bindings of an address or of one of its aliases.
    fn lookup(&self, tenant: TenantId, aor: &Aor, now: Time) -> Vec<Contact>;

    /// The address of record that `aor` is an alias of; itself when it is none.
    fn canonical(&self, tenant: TenantId, aor: &Aor) -> Aor;

    /// What the bindings would be after these changes of one address, in order; changes nothing.
    fn preview(&self, tenant: TenantId, changes: &[RegisterChange], now: Time)
    -> Result<Vec<Contact>, RegisterRefusal>;

    /// Makes the change and returns the bindings that the address has now.
    fn apply(&self, tenant: TenantId, change: &RegisterChange, now: Time) -> Result<Vec<Contact>, RegisterRefusal>;

    /// The bindings, of any address, whose Contact has this user, host and port (a missing port is the scheme's).
    fn reverse_lookup(&self, tenant: TenantId, uri: &siphon_sip::SipUri, now: Time) -> Vec<Contact>;

    /// The binding that was saved with this flow token.
    fn lookup_by_token(&self, tenant: TenantId, token: &str, now: Time) -> Option<Contact>;

    /// How many addresses have bindings. An error is the back end's.
    fn aor_count(&self, tenant: TenantId) -> Result<u64, String>;

    /// The first associated URI of an address, or what was asserted for it.
    fn asserted_identity(&self, tenant: TenantId, aor: &Aor) -> Option<String>;

    /// The Service-Route kept for an address (RFC 3608), top first.
    fn service_route(&self, tenant: TenantId, aor: &Aor) -> Vec<ByteStr>;

    /// Keeps the Service-Route of an address.
    fn set_service_routes(&self, tenant: TenantId, aor: &Aor, routes: Vec<ByteStr>);

    /// The associated URIs of an address (RFC 7315 4.1), in order.
    fn associated_uris(&self, tenant: TenantId, aor: &Aor) -> Vec<String>;

    /// Keeps the associated URIs of an address; they also become aliases. None clears them.
    fn set_associated_uris(&self, tenant: TenantId, aor: &Aor, uris: Vec<String>);
}

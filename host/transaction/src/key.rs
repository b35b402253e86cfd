//! What a message is matched by: RFC 3261 17.1.3 for responses, 17.2.3 for requests, 8.2.2.2 and 9.2 for requests of
//! one call. A key is plain bytes; the tables that hold keys are `clients.rs` and `servers.rs`.

use siphasher::sip::SipHasher13;
use siphon_sip::{HeaderName, Headers, HostRef, Method, Request, TenantId, TransportProtocol, ViaRef};
use smallvec::SmallVec;

#[cfg(test)]
mod tests;

/// A key while it is looked up; a table keeps it boxed.
pub(crate) type KeyBytes = SmallVec<[u8; 128]>;

/// Hashes keys under a secret, so that a peer cannot choose branches that collide.
#[derive(Debug)]
pub(crate) struct KeyHasher(SipHasher13);

impl KeyHasher {
    pub(crate) fn new(seed: [u64; 2]) -> Self {
        let [first, second] = seed;
        Self(SipHasher13::new_with_keys(first, second))
    }

    pub(crate) fn hash(&self, key: &[u8]) -> u64 {
        self.0.hash(key)
    }
}

/// The key of a client transaction (17.1.3): our branch and the method of CSeq, which is the request's. The branch is
/// random and our own, hence it tells tenants apart too.
pub(crate) fn client_key(branch: &[u8], method: &Method) -> KeyBytes {
    let mut key = KeyBytes::new();
    push_field(&mut key, branch);
    key.extend_from_slice(method.as_bytes());
    key
}

/// What a request is matched by among server transactions (17.2.3), for whatever method it is looked up with. Made once
/// for each request that is received.
#[derive(Clone, Debug)]
pub struct RequestKey {
    pub(crate) tenant: TenantId,
    bytes: KeyBytes,
    /// The length without the method.
    stem: usize,
    /// Whether the branch is unique, so that it alone decides; otherwise the peer follows RFC 2543.
    pub(crate) has_unique_branch: bool,
    /// Whether To has a tag.
    pub(crate) is_in_dialog: bool,
    /// What [`RequestKey::call`] gives; empty until it is asked for.
    call: KeyBytes,
}

impl RequestKey {
    /// The key of a request that came over `transport`. An unreadable Via counts as one of RFC 2543.
    #[must_use]
    pub fn of(tenant: TenantId, request: &Request, transport: TransportProtocol) -> Self {
        let mut bytes = KeyBytes::new();
        bytes.extend_from_slice(&tenant.0.to_be_bytes());
        let via = request.headers().top_via().ok().filter(ViaRef::has_magic_cookie);
        let unique = via.and_then(|via| Some((via.branch?, via)));
        let has_unique_branch = unique.is_some();
        match unique {
            Some((branch, via)) => {
                push_field(&mut bytes, branch);
                push_host(&mut bytes, via.host);
                let port = via.port.unwrap_or_else(|| transport.default_port());
                bytes.extend_from_slice(&port.to_be_bytes());
            }
            None => push_rfc2543(&mut bytes, request),
        }
        let (stem, is_in_dialog) = (bytes.len(), request.headers().to_tag().is_some());
        Self { tenant, bytes, stem, has_unique_branch, is_in_dialog, call: KeyBytes::new() }
    }

    /// The whole key: of this request as if it had that method. An ACK and a CANCEL look for their INVITE so.
    pub(crate) fn with(&mut self, method: &Method) -> &[u8] {
        self.bytes.truncate(self.stem);
        self.bytes.extend_from_slice(method.as_bytes());
        &self.bytes
    }

    /// The key of all transactions of this request of its call: Call-ID, From tag, CSeq number (8.2.2.2) and method.
    /// ACK and CANCEL have that of their INVITE.
    pub(crate) fn call(&mut self, request: &Request) -> &[u8] {
        if self.call.is_empty() {
            self.call.extend_from_slice(&self.tenant.0.to_be_bytes());
            push_call(&mut self.call, request.headers());
            let method = match request.method() {
                Method::Ack | Method::Cancel => &Method::Invite,
                method => method,
            };
            self.call.extend_from_slice(method.as_bytes());
        }
        &self.call
    }
}

/// What 17.2.3 has RFC 2543 clients matched by, but for the To tags: the Via less what servers write into it, the
/// Request-URI, From tag, Call-ID and CSeq number.
fn push_rfc2543(key: &mut KeyBytes, request: &Request) {
    match request.headers().via() {
        Ok(mut via) => {
            via.params.remove("received");
            via.params.remove("rport");
            push_field(key, via.to_string().to_ascii_lowercase().as_bytes());
        }
        Err(_) => push_field(key, request.headers().first_value(&HeaderName::Via).unwrap_or_default()),
    }
    push_field(key, request.uri());
    push_call(key, request.headers());
}

fn push_call(key: &mut KeyBytes, headers: &Headers) {
    push_field(key, headers.first(&HeaderName::CallId).unwrap_or_default());
    match headers.from_tag() {
        Some(tag) => push_field(key, &tag),
        None => key.extend_from_slice(&u32::MAX.to_be_bytes()),
    }
    match headers.cseq() {
        Ok(cseq) => key.extend_from_slice(&cseq.number.to_be_bytes()),
        Err(_) => push_field(key, headers.first(&HeaderName::CSeq).unwrap_or_default()),
    }
}

/// A host in one form, whatever its case.
fn push_host(key: &mut KeyBytes, host: HostRef<'_>) {
    match host {
        HostRef::Name(name) => {
            push_field(key, name);
            key.iter_mut().rev().take(name.len()).for_each(u8::make_ascii_lowercase);
        }
        HostRef::V4(address) => push_field(key, &address.octets()),
        HostRef::V6(address) => push_field(key, &address.octets()),
    }
}

/// A field with its length before it, so that no two lists of fields give the same bytes.
fn push_field(key: &mut KeyBytes, field: &[u8]) {
    key.reserve(field.len() + 4);
    key.extend_from_slice(&u32::try_from(field.len()).unwrap_or(u32::MAX).to_be_bytes());
    key.extend_from_slice(field);
}

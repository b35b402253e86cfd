//! `registrar`: look-ups and the verbs that change bindings of an address by name. REGISTER itself is
//! `registrar/save.rs`; the bindings are kept behind [`Location`](crate::ports::Location).
//!
//! Within an event every change is staged: it is applied with the outcome, and look-ups of that same event see it. In
//! the background ([`Context::background`]) a change is applied at once.

use siphon_sip::{ByteStr, SipUri, Uri};

use crate::aor::Aor;
use crate::contact::Contact;
use crate::context::{Context, Interface};
use crate::error::ApiError;
use crate::headers::{one_line, text};
use crate::register::{RegisterChange, RegisterKind};
use crate::uri;

mod save;

pub use save::{SaveOptions, save};

/// The bindings of an address or of one of its aliases: the highest q first, then the most recently refreshed.
pub fn lookup(context: &Context, uri: &str) -> Result<Vec<Contact>, ApiError> {
    context.check_granted(Interface::Registrar)?;
    Ok(bindings(context, &Aor::parse(uri)?))
}

/// Whether an address has a binding.
pub fn is_registered(context: &Context, uri: &str) -> Result<bool, ApiError> {
    Ok(!lookup(context, uri)?.is_empty())
}

/// The bindings, of any address, whose Contact has the user, host and port of this URI.
pub fn lookup_contact(context: &Context, uri: &str) -> Result<Vec<Contact>, ApiError> {
    context.check_granted(Interface::Registrar)?;
    let Uri::Sip(wanted) = uri::parse(uri)? else { return Err(ApiError::InvalidUri(uri.to_owned())) };
    let now = context.ports.clock.now();
    let mut found: Vec<Contact> =
        staged_bindings(context).into_iter().filter(|contact| is_at(contact, &wanted)).collect();
    for contact in context.ports.location.reverse_lookup(context.tenant, &wanted, now) {
        if !found.iter().any(|other| other.uri == contact.uri) {
            found.push(contact);
        }
    }
    Ok(found)
}

/// Whether some binding's Contact has the user, host and port of this URI.
pub fn is_registered_contact(context: &Context, uri: &str) -> Result<bool, ApiError> {
    Ok(!lookup_contact(context, uri)?.is_empty())
}

/// The binding that was saved with this flow token.
pub fn lookup_by_token(context: &Context, token: &str) -> Result<Option<Contact>, ApiError> {
    context.check_granted(Interface::Registrar)?;
    let staged = staged_bindings(context).into_iter().find(|contact| contact.flow_token.as_deref() == Some(token));
    let now = context.ports.clock.now();
    Ok(staged.or_else(|| context.ports.location.lookup_by_token(context.tenant, token, now)))
}

/// Removes every binding of an address.
pub fn remove(context: &Context, uri: &str) -> Result<(), ApiError> {
    context.check_granted(Interface::Registrar)?;
    let aor = context.ports.location.canonical(context.tenant, &Aor::parse(uri)?);
    stage(
        context,
        RegisterChange {
            aor,
            aliases: None,
            kind: RegisterKind::RemoveAll,
            call_id: ByteStr::new(),
            cseq: 0,
            force: true,
        },
    )
}

/// The same as [`remove`]: scripts use both names.
pub fn expire(context: &Context, uri: &str) -> Result<(), ApiError> {
    remove(context, uri)
}

/// How many addresses have bindings. A `RuntimeError` when the back end does not answer.
pub fn aor_count(context: &Context) -> Result<u64, ApiError> {
    context.check_granted(Interface::Registrar)?;
    context.ports.location.aor_count(context.tenant).map_err(ApiError::Runtime)
}

/// What was asserted for an address: the first of its associated URIs.
pub fn asserted_identity(context: &Context, uri: &str) -> Result<Option<String>, ApiError> {
    context.check_granted(Interface::Registrar)?;
    Ok(context.ports.location.asserted_identity(context.tenant, &Aor::parse(uri)?))
}

/// The Service-Route kept for an address (RFC 3608), top first.
pub fn service_route(context: &Context, uri: &str) -> Result<Vec<String>, ApiError> {
    context.check_granted(Interface::Registrar)?;
    let routes = context.ports.location.service_route(context.tenant, &Aor::parse(uri)?);
    Ok(routes.iter().map(|route| text(route)).collect())
}

/// Keeps the Service-Route of an address. Acts at once.
pub fn set_service_routes(context: &Context, uri: &str, routes: &[String]) -> Result<(), ApiError> {
    context.check_granted(Interface::Registrar)?;
    context.check_writable()?;
    let aor = Aor::parse(uri)?;
    let routes = routes.iter().map(|route| one_line(route, "a route")).collect::<Result<_, _>>()?;
    context.ports.location.set_service_routes(context.tenant, &aor, routes);
    Ok(())
}

/// The associated URIs of an address (RFC 7315 4.1), in order.
pub fn associated_uris(context: &Context, uri: &str) -> Result<Vec<String>, ApiError> {
    context.check_granted(Interface::Registrar)?;
    Ok(context.ports.location.associated_uris(context.tenant, &Aor::parse(uri)?))
}

/// Keeps the associated URIs of an address, which become aliases of it; none clears them. Acts at once.
pub fn set_associated_uris(context: &Context, uri: &str, uris: Vec<String>) -> Result<(), ApiError> {
    context.check_granted(Interface::Registrar)?;
    context.check_writable()?;
    let aor = Aor::parse(uri)?;
    for uri in &uris {
        Aor::parse(uri)?;
    }
    context.ports.location.set_associated_uris(context.tenant, &aor, uris);
    Ok(())
}

/// Adds a change to those of the event, or applies it when there is none.
fn stage(context: &Context, change: RegisterChange) -> Result<(), ApiError> {
    context.check_writable()?;
    if context.is_background() {
        let now = context.ports.clock.now();
        let applied = context.ports.location.apply(context.tenant, &change, now);
        return applied.map(|_| ()).map_err(|refusal| ApiError::Runtime(refusal.to_string()));
    }
    context.staged().push(change);
    Ok(())
}

/// The bindings of an address with what the event has staged.
fn bindings(context: &Context, aor: &Aor) -> Vec<Contact> {
    let location = &context.ports.location;
    let now = context.ports.clock.now();
    let changes = staged_for(context, aor);
    if !changes.is_empty()
        && let Ok(contacts) = location.preview(context.tenant, &changes, now)
    {
        return contacts;
    }
    location.lookup(context.tenant, aor, now)
}

/// The bindings of every address that the event has staged something for.
fn staged_bindings(context: &Context) -> Vec<Contact> {
    let mut addresses: Vec<Aor> = context.staged().iter().map(|change| change.aor.clone()).collect();
    addresses.sort();
    addresses.dedup();
    addresses.iter().flat_map(|aor| bindings(context, aor)).collect()
}

/// What the event has staged for an address, in order.
fn staged_for(context: &Context, aor: &Aor) -> Vec<RegisterChange> {
    if context.staged().is_empty() {
        return Vec::new();
    }
    let canonical = context.ports.location.canonical(context.tenant, aor);
    let staged = context.staged();
    let is_alias = |change: &&RegisterChange| change.aliases.iter().flatten().any(|alias| alias == aor);
    let owner = staged.iter().find(is_alias).map_or(canonical, |change| change.aor.clone());
    staged.iter().filter(|change| change.aor == owner || change.aor == *aor).cloned().collect()
}

fn is_at(contact: &Contact, wanted: &SipUri) -> bool {
    let Ok(Uri::Sip(uri)) = Uri::parse(&contact.uri) else { return false };
    uri.unescaped_user() == wanted.unescaped_user()
        && uri.host == wanted.host
        && uri.effective_port() == wanted.effective_port()
}

#[cfg(test)]
mod tests;

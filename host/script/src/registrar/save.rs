//! `registrar.save`: a REGISTER becomes a staged change and an armed answer (RFC 3261 10.3, RFC 3327, RFC 5626). What
//! the registrar cannot accept is answered with its status, not raised.

use siphon_sip::{ByteStr, Contact as ContactHeader, Contacts, HeaderName, HeaderValue, Headers, StatusCode};

use super::staged_for;
use crate::aor::Aor;
use crate::auth;
use crate::contact::QValue;
use crate::context::Interface;
use crate::error::ApiError;
use crate::headers::text;
use crate::register::{ContactUpdate, RegisterChange, RegisterKind, RegisterRefusal};
use crate::request::{Armed, ArmedReply, Request};

/// How to save.
#[derive(Clone, Debug, Default)]
pub struct SaveOptions {
    /// Clear the existing bindings first, without asking for their Call-ID and CSeq.
    pub force: bool,
    /// Further addresses under which the bindings are found; `None` leaves those that there are.
    pub aliases: Option<Vec<String>>,
    /// A token to find the bindings by.
    pub flow_token: Option<String>,
}

/// Stages the bindings of a REGISTER for the address in its To and arms the answer: a 200 that lists the bindings, and
/// true; or the status of what is wrong with it, and false. Without a Contact it only asks.
pub fn save(request: &Request, options: &SaveOptions) -> Result<bool, ApiError> {
    let context = request.context();
    context.check_granted(Interface::Registrar)?;
    context.check_writable()?;
    let aliases = options.aliases.as_ref().map(|aliases| aliases.iter().map(|alias| Aor::parse(alias)).collect());
    let aliases: Option<Vec<Aor>> = aliases.transpose()?;
    match change(request, options, aliases).and_then(|change| accept(request, change)) {
        Ok(()) => {
            request.arm(Armed::SaveReply(ArmedReply::new(StatusCode::OK)))?;
            Ok(true)
        }
        Err(refusal) => {
            request.arm(Armed::Reply(refused(&refusal)))?;
            Ok(false)
        }
    }
}

/// Stages the change when the registrar would accept it. Saving the same REGISTER again replaces what it staged before.
fn accept(request: &Request, change: RegisterChange) -> Result<(), RegisterRefusal> {
    let context = request.context();
    let is_same = |other: &RegisterChange| {
        !other.call_id.is_empty()
            && (&other.aor, &other.call_id, other.cseq) == (&change.aor, &change.call_id, change.cseq)
    };
    let mut changes = staged_for(context, &change.aor);
    changes.retain(|other| !is_same(other));
    changes.push(change.clone());
    let now = context.ports.clock.now();
    context.ports.location.preview(context.tenant, &changes, now)?;
    let mut staged = context.staged();
    staged.retain(|other| !is_same(other));
    staged.push(change);
    Ok(())
}

fn change(
    request: &Request,
    options: &SaveOptions,
    aliases: Option<Vec<Aor>>,
) -> Result<RegisterChange, RegisterRefusal> {
    let context = request.context();
    let aor = request.with_message(|message| address_of_record(message.headers()))?;
    // An alias of another address would leave the bindings where nobody looks.
    let aor = context.ports.location.canonical(context.tenant, &aor);
    if !auth::may_register(request, &aor) {
        return Err(RegisterRefusal::Forbidden);
    }
    request.with_message(|message| {
        let headers = message.headers();
        let kind = kind(request, headers, options)?;
        let call_id = headers.call_id().ok_or(RegisterRefusal::Invalid("Missing Call-ID"))?;
        let cseq = headers.cseq().map_err(|_| RegisterRefusal::Invalid("Invalid CSeq"))?.number;
        Ok(RegisterChange { aor, aliases, kind, call_id, cseq, force: options.force })
    })
}

fn address_of_record(headers: &Headers) -> Result<Aor, RegisterRefusal> {
    let invalid = RegisterRefusal::Invalid("Invalid Address of Record");
    let to = headers.to().map_err(|_| invalid.clone())?;
    to.uri.to_str().and_then(|uri| Aor::parse(uri).ok()).ok_or(invalid)
}

fn kind(request: &Request, headers: &Headers, options: &SaveOptions) -> Result<RegisterKind, RegisterRefusal> {
    let expires = headers.expires();
    match headers.contacts() {
        Err(_) => Err(RegisterRefusal::Invalid("Invalid Contact")),
        Ok(Contacts::Star) if expires == Some(0) => Ok(RegisterKind::RemoveAll),
        Ok(Contacts::Star) => Err(RegisterRefusal::Invalid("Contact: * Without Expires: 0")),
        Ok(Contacts::List(contacts)) if contacts.is_empty() => Ok(RegisterKind::Query),
        Ok(Contacts::List(contacts)) => {
            let origin = Origin::of(request, headers, options)?;
            let contacts =
                contacts.iter().map(|contact| update(contact, expires, &origin)).collect::<Result<_, _>>()?;
            Ok(RegisterKind::Update { contacts })
        }
    }
}

/// What all Contacts of one REGISTER share.
struct Origin<'a> {
    path: Vec<ByteStr>,
    /// Set when the REGISTER came straight from the user agent: through a proxy the flow is the proxy's.
    flow: Option<siphon_sip::Flow>,
    flow_token: Option<&'a str>,
}

impl<'a> Origin<'a> {
    fn of(request: &Request, headers: &Headers, options: &'a SaveOptions) -> Result<Self, RegisterRefusal> {
        let path: Result<Vec<_>, _> = headers.paths().map(|path| path.map(|path| path.uri)).collect();
        let is_direct = headers.vias().count() <= 1;
        Ok(Self {
            path: path.map_err(|_| RegisterRefusal::Invalid("Invalid Path"))?,
            flow: is_direct.then_some(request.flow()),
            flow_token: options.flow_token.as_deref(),
        })
    }

    fn received(&self) -> Option<String> {
        self.flow.map(|flow| format!("sip:{};transport={}", flow.remote, flow.transport))
    }
}

fn update(
    contact: &ContactHeader,
    expires: Option<u32>,
    origin: &Origin<'_>,
) -> Result<ContactUpdate, RegisterRefusal> {
    contact.uri().map_err(|_| RegisterRefusal::Invalid("Invalid Contact URI"))?;
    let is_own = |name: &[u8]| {
        [b"q".as_slice(), b"expires", b"+sip.instance", b"reg-id"].iter().any(|own| own.eq_ignore_ascii_case(name))
    };
    Ok(ContactUpdate {
        uri: contact.uri.detached(),
        expires: contact.expires().or(expires),
        q: contact.q().map(QValue::from_thousandths),
        instance: contact.instance().as_deref().map(text),
        reg_id: contact.reg_id(),
        params: (contact.params.iter())
            .filter(|(name, _)| !is_own(name))
            .map(|(name, value)| (text(name), value.map(text)))
            .collect(),
        path: origin.path.iter().map(ByteStr::detached).collect(),
        received: origin.received(),
        flow: origin.flow,
        flow_token: origin.flow_token.map(str::to_owned),
    })
}

fn refused(refusal: &RegisterRefusal) -> ArmedReply {
    let mut armed = ArmedReply::new(refusal.status());
    armed.reason = Some(ByteStr::from(refusal.to_string()));
    if let RegisterRefusal::IntervalTooBrief { min } = refusal {
        armed.headers.push((HeaderName::MinExpires, HeaderValue::from(min.to_string())));
    }
    armed
}

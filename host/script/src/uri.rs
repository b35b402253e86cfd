//! URIs as scripts see them: a live view of the Request-URI, or a value of their own. The grammar is `siphon-sip`'s.

use std::fmt;
use std::sync::Arc;

use parking_lot::Mutex;
use siphon_sip::{Host, SentBy, SipUri, Uri, escape_user};

use crate::error::ApiError;
use crate::headers::{one_line, text};
use crate::request::Request;

/// A URI that a script reads and changes. A change of a view changes the request; a change of a value changes nothing
/// else.
#[derive(Debug)]
pub struct ScriptUri(Place);

#[derive(Debug)]
enum Place {
    RequestUri(Arc<Request>),
    Own(Box<Mutex<Uri>>),
}

impl ScriptUri {
    /// A value of its own. Text in angle brackets is taken without them.
    pub fn parse(text: &str) -> Result<Self, ApiError> {
        parse(text).map(Self::from)
    }

    /// The Request-URI itself.
    #[must_use]
    pub const fn request_uri(request: Arc<Request>) -> Self {
        Self(Place::RequestUri(request))
    }

    /// The URI as it is now; `None` when the Request-URI is none.
    #[must_use]
    pub fn uri(&self) -> Option<Uri> {
        match &self.0 {
            Place::RequestUri(request) => Uri::parse(request.with_message(|message| message.uri().clone())).ok(),
            Place::Own(uri) => Some(uri.lock().clone()),
        }
    }

    /// `sip`, `sips`, `tel` or another scheme.
    #[must_use]
    pub fn scheme(&self) -> String {
        self.uri().map(|uri| uri.scheme().to_owned()).unwrap_or_default()
    }

    /// The user as written, percent escapes included; the number of a `tel` URI.
    #[must_use]
    pub fn user(&self) -> Option<String> {
        match self.uri()? {
            Uri::Sip(uri) => uri.user.as_deref().map(text),
            Uri::Tel(uri) => Some(text(&uri.number)),
            Uri::Other(_) => None,
        }
    }

    /// The host, IPv6 in brackets; only `sip` and `sips` URIs have one.
    #[must_use]
    pub fn host(&self) -> Option<String> {
        self.uri()?.as_sip().map(|uri| uri.host.to_string())
    }

    /// The port, when it is written.
    #[must_use]
    pub fn port(&self) -> Option<u16> {
        self.uri()?.as_sip()?.port
    }

    /// The parameters in order; one without a value has an empty one.
    #[must_use]
    pub fn params(&self) -> Vec<(String, String)> {
        let Some(uri) = self.uri() else { return Vec::new() };
        let params = match &uri {
            Uri::Sip(uri) => &uri.params,
            Uri::Tel(uri) => &uri.params,
            Uri::Other(_) => return Vec::new(),
        };
        params.iter().map(|(name, value)| (text(name), value.map(text).unwrap_or_default())).collect()
    }

    /// Whether it is a `tel` URI.
    #[must_use]
    pub fn is_tel(&self) -> bool {
        matches!(self.uri(), Some(Uri::Tel(_)))
    }

    /// Whether the host is one of `domain.local`. Only a Request-URI can be.
    #[must_use]
    pub fn is_local(&self) -> bool {
        let Place::RequestUri(request) = &self.0 else { return false };
        let context = request.context();
        self.host().is_some_and(|host| context.ports.identity.is_local_domain(context.tenant, &host))
    }

    /// Replaces the user; `None` and the empty text remove it.
    pub fn set_user(&self, user: Option<&str>) -> Result<(), ApiError> {
        self.change(|uri| set_user(uri, user))
    }

    /// Replaces the host, and the port when `host` names one.
    pub fn set_host(&self, host: &str) -> Result<(), ApiError> {
        self.change(|uri| set_host(uri, host))
    }

    /// Replaces the port.
    pub fn set_port(&self, port: Option<u16>) -> Result<(), ApiError> {
        self.change(|uri| {
            let Uri::Sip(uri) = uri else { return Err(no_host(uri)) };
            uri.port = port;
            Ok(())
        })
    }

    fn change(&self, change: impl FnOnce(&mut Uri) -> Result<(), ApiError>) -> Result<(), ApiError> {
        match &self.0 {
            Place::RequestUri(request) => request.change_ruri(change),
            Place::Own(uri) => change(&mut uri.lock()),
        }
    }
}

impl From<Uri> for ScriptUri {
    fn from(uri: Uri) -> Self {
        Self(Place::Own(Box::new(Mutex::new(uri))))
    }
}

/// The whole URI.
impl fmt::Display for ScriptUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Place::RequestUri(request) => request.with_message(|message| fmt::Display::fmt(message.uri(), f)),
            Place::Own(uri) => fmt::Display::fmt(&*uri.lock(), f),
        }
    }
}

/// Reads a URI of a script's. Text in angle brackets is taken without them.
pub(crate) fn parse(text: &str) -> Result<Uri, ApiError> {
    Uri::parse(without_brackets(text).to_owned()).map_err(|_| ApiError::InvalidUri(text.to_owned()))
}

/// Reads where a script wants something to go: a `sip`, `sips` or `tel` URI, or a bare `host[:port]`.
pub(crate) fn parse_target(text: &str) -> Result<Uri, ApiError> {
    let bare = without_brackets(text);
    match Uri::parse(bare.to_owned()) {
        Ok(uri @ (Uri::Sip(_) | Uri::Tel(_))) => Ok(uri),
        _ => SentBy::parse(bare.to_owned())
            .map(|target| SipUri::new(target.host, target.port).into())
            .map_err(|_| ApiError::InvalidUri(text.to_owned())),
    }
}

fn without_brackets(text: &str) -> &str {
    let text = text.trim();
    text.strip_prefix('<').and_then(|rest| rest.strip_suffix('>')).unwrap_or(text)
}

/// Replaces the user of a URI; `None` and the empty text remove it.
pub(crate) fn set_user(uri: &mut Uri, user: Option<&str>) -> Result<(), ApiError> {
    let user = user.filter(|user| !user.is_empty());
    if let Some(user) = user {
        one_line(user, "a user")?;
    }
    match uri {
        Uri::Sip(uri) => {
            uri.user = user.map(|user| escape(user).into());
            if uri.user.is_none() {
                uri.password = None;
            }
            Ok(())
        }
        Uri::Tel(tel) => {
            let given = format!("tel:{}{}", user.unwrap_or_default(), tel.params);
            *uri = parse(&given)?;
            Ok(())
        }
        Uri::Other(_) => Err(ApiError::Value(format!("{uri} has no user"))),
    }
}

/// Replaces the host of a URI, and the port when `host` names one.
pub(crate) fn set_host(uri: &mut Uri, host: &str) -> Result<(), ApiError> {
    let Uri::Sip(uri) = uri else { return Err(no_host(uri)) };
    let invalid = |_| ApiError::Value(format!("not a host: {host:?}"));
    match Host::parse(host.trim().to_owned()) {
        Ok(host) => uri.host = host,
        Err(_) => {
            let SentBy { host, port } = SentBy::parse(host.trim().to_owned()).map_err(invalid)?;
            uri.host = host;
            uri.port = port;
        }
    }
    Ok(())
}

fn no_host(uri: &Uri) -> ApiError {
    ApiError::Value(format!("{uri} has no host"))
}

/// Escapes what a user part cannot hold and leaves the escapes that are there.
fn escape(user: &str) -> Vec<u8> {
    let mut escaped = Vec::with_capacity(user.len());
    let mut rest = user.as_bytes();
    while let [first, tail @ ..] = rest {
        let is_escape =
            *first == b'%' && matches!(tail, [high, low, ..] if high.is_ascii_hexdigit() && low.is_ascii_hexdigit());
        if is_escape {
            escaped.push(*first);
        } else {
            escaped.extend_from_slice(&escape_user(&[*first]));
        }
        rest = tail;
    }
    escaped
}

#[cfg(test)]
mod tests;

//! `auth`: digest authentication of requests (RFC 3261 22, RFC 7616, RFC 8760). Digests and nonces are computed behind
//! [`Authenticator`](crate::ports::Authenticator); here a verdict becomes a challenge, or a user.

use siphon_sip::{HeaderName, HeaderValue, Method, StatusCode};

use crate::aor::Aor;
use crate::context::{Context, Interface};
use crate::error::ApiError;
use crate::ports::{DigestHeader, DigestQuery, DigestVerdict, Secret};
use crate::request::{Armed, ArmedReply, Request};

mod credentials;

/// What to check against. At most one of `password` and `ha1`.
#[derive(Clone, Copy, Debug, Default)]
pub struct DigestOptions<'a> {
    /// The realm; without one, that of the configuration.
    pub realm: Option<&'a str>,
    /// A password instead of the user table's.
    pub password: Option<&'a str>,
    /// H(user:realm:password) in hexadecimal digits, instead of the user table's.
    pub ha1: Option<&'a str>,
}

/// True when Authorization proves a user of the realm: `auth_user` is set and those credentials are taken off.
/// Otherwise a 401 with three challenges is armed and the answer is false.
pub fn require_www_digest(request: &Request, options: &DigestOptions<'_>) -> Result<bool, ApiError> {
    require(request, DigestHeader::Www, options)
}

/// As [`require_www_digest`], with Proxy-Authorization and 407.
pub fn require_proxy_digest(request: &Request, options: &DigestOptions<'_>) -> Result<bool, ApiError> {
    require(request, DigestHeader::Proxy, options)
}

/// The same as [`require_www_digest`].
pub fn require_digest(request: &Request, options: &DigestOptions<'_>) -> Result<bool, ApiError> {
    require(request, DigestHeader::Www, options)
}

/// Whether Authorization, or without any for the realm Proxy-Authorization, proves a user of the realm; `auth_user` is
/// set. Challenges nobody and leaves the credentials where they are.
pub fn verify_digest(request: &Request, options: &DigestOptions<'_>) -> Result<bool, ApiError> {
    let check = Check::new(request, options)?;
    let verdict = match check.verify(DigestHeader::Www) {
        DigestVerdict::NoCredentials => check.verify(DigestHeader::Proxy),
        verdict => verdict,
    };
    let DigestVerdict::Valid { user } = verdict else { return Ok(false) };
    request.edit(|state| {
        state.auth_user = Some(user);
        state.auth_realm = Some(check.realm);
        Ok(true)
    })
}

/// A new nonce.
pub fn generate_nonce(context: &Context) -> Result<String, ApiError> {
    context.check_granted(Interface::Auth)?;
    Ok(context.ports.authenticator.generate_nonce(context.tenant, context.ports.clock.unix()))
}

/// Whether a nonce is ours and fresh.
pub fn validate_nonce(context: &Context, nonce: &str) -> Result<bool, ApiError> {
    context.check_granted(Interface::Auth)?;
    Ok(context.ports.authenticator.validate_nonce(context.tenant, nonce, context.ports.clock.unix()))
}

/// Whether the authenticated user of a request may register this address. A user without a domain is one of the realm's
/// and so of our own domains; nobody authenticated may, because the script asked for nothing.
pub(crate) fn may_register(request: &Request, aor: &Aor) -> bool {
    let context = request.context();
    let (user, realm) = request.read(|state| (state.auth_user.clone(), state.auth_realm.clone()));
    let Some(user) = user.filter(|_| context.ports.authenticator.enforce_aor_match(context.tenant)) else {
        return true;
    };
    let address_user = siphon_sip::unescape(aor.user().unwrap_or_default().as_bytes()).into_owned();
    match user.rsplit_once('@') {
        Some((name, domain)) => name.as_bytes() == address_user && domain.eq_ignore_ascii_case(aor.host()),
        None => user.as_bytes() == address_user && is_own_domain(context, aor, realm.as_deref()),
    }
}

fn is_own_domain(context: &Context, aor: &Aor, realm: Option<&str>) -> bool {
    let identity = &context.ports.identity;
    let is_local_uri = || {
        let uri = aor.as_str().parse::<siphon_sip::SipUri>();
        uri.is_ok_and(|uri| identity.is_local_uri(context.tenant, &uri))
    };
    realm.is_some_and(|realm| realm.eq_ignore_ascii_case(aor.host()))
        || identity.is_local_domain(context.tenant, aor.host())
        || is_local_uri()
}

fn require(request: &Request, header: DigestHeader, options: &DigestOptions<'_>) -> Result<bool, ApiError> {
    let check = Check::new(request, options)?;
    match check.verify(header) {
        DigestVerdict::Valid { user } => request.edit(|state| {
            credentials::remove(state.message.headers_mut(), &credentials_name(header), &check.realm);
            state.auth_user = Some(user);
            state.auth_realm = Some(check.realm);
            Ok(true)
        }),
        verdict => {
            check.challenge(header, verdict == DigestVerdict::Stale)?;
            Ok(false)
        }
    }
}

/// One check of one request.
struct Check<'a> {
    request: &'a Request,
    realm: String,
    secret: Option<Secret<'a>>,
}

impl<'a> Check<'a> {
    fn new(request: &'a Request, options: &DigestOptions<'a>) -> Result<Self, ApiError> {
        let context = request.context();
        context.check_granted(Interface::Auth)?;
        context.check_writable()?;
        let secret = match (options.password, options.ha1) {
            (Some(_), Some(_)) => return Err(ApiError::Value("give password or ha1, not both".to_owned())),
            (Some(password), None) => Some(Secret::Password(password)),
            (None, Some(ha1)) => Some(Secret::Ha1(ha1)),
            (None, None) => None,
        };
        let realm = match options.realm {
            Some(realm) => realm.to_owned(),
            None => context.ports.authenticator.default_realm(context.tenant),
        };
        Ok(Self { request, realm, secret })
    }

    fn verify(&self, header: DigestHeader) -> DigestVerdict {
        let context = self.request.context();
        // The port may compute, or wait: not while holding the request.
        let message = self.request.with_message(Clone::clone);
        let credentials: Vec<&[u8]> = message.headers().all(&credentials_name(header)).collect();
        let call_id = message.headers().call_id().unwrap_or_default();
        context.ports.authenticator.verify(
            context.tenant,
            &DigestQuery {
                method: self.request.typed_method(),
                header,
                realm: &self.realm,
                request_uri: self.request.received_uri(),
                credentials: &credentials,
                body: message.body(),
                secret: self.secret,
                call_id: &call_id,
                source: self.request.source_ip(),
                now: context.ports.clock.now(),
                unix: context.ports.clock.unix(),
            },
        )
    }

    /// Arms the challenge. ACK and CANCEL cannot be challenged (RFC 3261 22.1).
    fn challenge(&self, header: DigestHeader, stale: bool) -> Result<(), ApiError> {
        if matches!(self.request.typed_method(), Method::Ack | Method::Cancel) {
            return Ok(());
        }
        let context = self.request.context();
        let (status, name) = match header {
            DigestHeader::Www => (StatusCode::UNAUTHORIZED, HeaderName::WwwAuthenticate),
            DigestHeader::Proxy => (StatusCode::PROXY_AUTHENTICATION_REQUIRED, HeaderName::ProxyAuthenticate),
        };
        let unix = context.ports.clock.unix();
        let challenges = context.ports.authenticator.challenges(context.tenant, &self.realm, stale, unix);
        let mut armed = ArmedReply::new(status);
        armed.headers = challenges.into_iter().map(|value| (name.clone(), HeaderValue::from(value))).collect();
        self.request.arm(Armed::Reply(armed))
    }
}

const fn credentials_name(header: DigestHeader) -> HeaderName {
    match header {
        DigestHeader::Www => HeaderName::Authorization,
        DigestHeader::Proxy => HeaderName::ProxyAuthorization,
    }
}

#[cfg(test)]
mod tests;

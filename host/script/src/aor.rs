//! Addresses of record in the one form that can be a key (RFC 3261 10.3 step 5). Not a URI to send anything to.

use std::fmt;

use siphon_sip::{SentBy, Uri};

use crate::error::ApiError;
use crate::headers::text;

/// A normalised address of record, `sip:user@host[:port]`: no parameters, no headers, no default port, the host in
/// lower case, needless escapes undone, the user's case kept. Two texts for one address are one value.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Aor(Box<str>);

/// Prefix of keys that are not addresses.
const RESERVED_PREFIX: &str = "state:";

impl Aor {
    /// Normalises a URI, with or without angle brackets around it. Text without `sip:` or `sips:` gets `sip:`, a
    /// telephone number too.
    pub fn parse(text: &str) -> Result<Self, ApiError> {
        normalise(text).map(|aor| Self(aor.into())).ok_or_else(|| ApiError::InvalidAor(text.to_owned()))
    }

    /// The whole of it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What stands before the host; `None` when the address is a host alone.
    #[must_use]
    pub fn user(&self) -> Option<&str> {
        self.behind_scheme().rsplit_once('@').map(|(user, _)| user)
    }

    /// The host, without a port; IPv6 in brackets.
    #[must_use]
    pub fn host(&self) -> &str {
        let rest = self.behind_scheme();
        let host = rest.rsplit_once('@').map_or(rest, |(_, host)| host);
        let name_end = host.rfind(']').unwrap_or(0);
        host.rfind(':').filter(|colon| *colon > name_end).and_then(|colon| host.get(..colon)).unwrap_or(host)
    }

    fn behind_scheme(&self) -> &str {
        self.0.split_once(':').map_or(&*self.0, |(_, rest)| rest)
    }
}

impl fmt::Display for Aor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl AsRef<str> for Aor {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

fn normalise(given: &str) -> Option<String> {
    let uri = given.trim();
    let uri = uri.strip_prefix('<').map_or(uri, |rest| rest.split_once('>').map_or(rest, |(inside, _)| inside));
    if uri.starts_with(RESERVED_PREFIX) {
        return None;
    }
    let sip = match Uri::parse(uri.to_owned()) {
        Ok(Uri::Sip(sip)) => sip,
        Ok(Uri::Tel(tel)) => {
            let digits = text(&tel.number).replace(['-', '.', '(', ')'], "");
            return Some(format!("sip:tel:{digits}"));
        }
        // `host:port` reads as a scheme; a scheme of another kind has no address of record.
        Ok(Uri::Other(other)) if SentBy::parse(&other).is_err() => return None,
        Ok(Uri::Other(_)) | Err(_) if has_sip_scheme(uri) => return None,
        Ok(Uri::Other(_)) | Err(_) => format!("sip:{uri}").parse().ok()?,
    };
    Some(text(&sip.to_canonical_key()))
}

fn has_sip_scheme(uri: &str) -> bool {
    let scheme = uri.split_once(':').map_or("", |(scheme, _)| scheme);
    scheme.eq_ignore_ascii_case("sip") || scheme.eq_ignore_ascii_case("sips")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn aor(text: &str) -> String {
        Aor::parse(text).unwrap().to_string()
    }

    #[test]
    fn parameters_headers_and_the_default_port_are_dropped() {
        assert_eq!(aor("sip:alice@example.com:5060;transport=tcp?Subject=x"), "sip:alice@example.com");
        assert_eq!(aor("sips:alice@example.com:5061"), "sips:alice@example.com");
        assert_eq!(aor("sip:alice@example.com:5070"), "sip:alice@example.com:5070");
    }

    #[test]
    fn the_host_is_folded_and_the_user_is_not() {
        assert_eq!(aor("SIP:Alice@Example.COM"), "sip:Alice@example.com");
    }

    #[test]
    fn needless_escapes_are_undone() {
        assert_eq!(aor("sip:%61lice@example.com"), "sip:alice@example.com");
        assert_eq!(aor("sip:a%40b@example.com"), "sip:a%40b@example.com");
    }

    #[test]
    fn brackets_are_stripped_and_a_scheme_is_added() {
        assert_eq!(aor("<sip:alice@example.com>;tag=1"), "sip:alice@example.com");
        assert_eq!(aor("alice@example.com"), "sip:alice@example.com");
        assert_eq!(aor("tel:+1-555-0100;ext=7"), "sip:tel:+15550100");
    }

    #[test]
    fn a_bare_host_may_have_a_port() {
        assert_eq!(aor("example.com:5060"), "sip:example.com");
        assert_eq!(aor("localhost:5070"), "sip:localhost:5070");
    }

    #[test]
    fn a_semicolon_in_the_user_belongs_to_the_user() {
        assert_eq!(aor("sip:alice;day=tuesday@example.com;lr"), "sip:alice;day=tuesday@example.com");
    }

    #[test]
    fn an_ipv6_host_keeps_its_brackets() {
        assert_eq!(aor("sip:alice@[2001:DB8::1]:5060"), "sip:alice@[2001:db8::1]");
        assert_eq!(Aor::parse("sip:alice@[2001:db8::1]:5070").unwrap().host(), "[2001:db8::1]");
    }

    #[test]
    fn user_and_host_can_be_told_apart() {
        let aor = Aor::parse("sip:alice@example.com:5070").unwrap();
        assert_eq!((aor.user(), aor.host()), (Some("alice"), "example.com"));
        assert_eq!(Aor::parse("sip:example.com").unwrap().user(), None);
    }

    #[test]
    fn control_characters_reserved_keys_and_nothing_are_refused() {
        for text in [
            "",
            "sip:",
            "mailto:alice@example.com",
            "sip:alice@",
            "state:x",
            "sip:alice@exa\r\nmple.com",
            "sip:al\nice@example.com",
        ] {
            assert_eq!(Aor::parse(text), Err(ApiError::InvalidAor(text.to_owned())));
        }
    }
}

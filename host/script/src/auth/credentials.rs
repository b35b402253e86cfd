//! Which credentials are for which realm, so that checked ones do not travel on and others do. No digest is computed.

use siphon_sip::{HeaderName, Headers};

/// Removes the credentials of one realm; those of other realms are for others.
pub(super) fn remove(headers: &mut Headers, name: &HeaderName, realm: &str) {
    headers.retain(|header| header.name != *name || realm_of(header.value).as_deref() != Some(realm.as_bytes()));
}

/// The realm of Digest credentials, unquoted (RFC 7616 3.4).
fn realm_of(credentials: &[u8]) -> Option<Vec<u8>> {
    let scheme_end = credentials.iter().position(u8::is_ascii_whitespace)?;
    let (scheme, mut rest) = credentials.split_at_checked(scheme_end)?;
    if !scheme.eq_ignore_ascii_case(b"Digest") {
        return None;
    }
    while !rest.is_empty() {
        let (parameter, behind) = next_parameter(rest);
        rest = behind;
        let Some(equals) = parameter.iter().position(|byte| *byte == b'=') else { continue };
        let (name, value) = parameter.split_at_checked(equals)?;
        if name.trim_ascii().eq_ignore_ascii_case(b"realm") {
            return Some(unquote(value.get(1..)?.trim_ascii()));
        }
    }
    None
}

/// The text up to the next comma outside quotes, and what follows it.
fn next_parameter(text: &[u8]) -> (&[u8], &[u8]) {
    let mut in_quotes = false;
    let mut escaped = false;
    for (at, byte) in text.iter().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_quotes => escaped = true,
            b'"' => in_quotes = !in_quotes,
            b',' if !in_quotes => {
                return (text.get(..at).unwrap_or_default(), text.get(at + 1..).unwrap_or_default());
            }
            _ => {}
        }
    }
    (text, &[])
}

fn unquote(value: &[u8]) -> Vec<u8> {
    let Some(inner) = value.strip_prefix(b"\"").and_then(|rest| rest.strip_suffix(b"\"")) else {
        return value.to_vec();
    };
    let mut plain = Vec::with_capacity(inner.len());
    let mut bytes = inner.iter();
    while let Some(byte) = bytes.next() {
        plain.extend(if *byte == b'\\' { bytes.next() } else { Some(byte) });
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    fn realm(credentials: &str) -> Option<String> {
        realm_of(credentials.as_bytes()).map(|realm| String::from_utf8(realm).unwrap())
    }

    #[test]
    fn the_realm_is_found_among_the_parameters() {
        assert_eq!(realm("Digest username=\"a\", realm=\"example.com\", nonce=\"x\""), Some("example.com".to_owned()));
        assert_eq!(realm("digest REALM = \"example.com\""), Some("example.com".to_owned()));
    }

    #[test]
    fn a_realm_within_quotes_of_another_parameter_is_none() {
        assert_eq!(realm("Digest username=\"x, realm=evil\", realm=\"good\""), Some("good".to_owned()));
    }

    #[test]
    fn quoted_pairs_are_undone() {
        assert_eq!(realm(r#"Digest realm="a\"b""#), Some("a\"b".to_owned()));
    }

    #[test]
    fn other_schemes_have_no_realm() {
        assert_eq!(realm("Basic realm=\"example.com\""), None);
        assert_eq!(realm("Digest"), None);
        assert_eq!(realm(""), None);
    }
}

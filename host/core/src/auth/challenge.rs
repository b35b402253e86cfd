//! The value of a WWW-Authenticate or Proxy-Authenticate header (RFC 7616 3.3). Which of the two, the verb knows.

use super::algorithm::Algorithm;

/// One challenge. `qop` is always there (RFC 8760 2.6 item 8); `algorithm` and `stale` are never in quotes.
pub(super) fn value(algorithm: Algorithm, realm: &str, nonce: &str, stale: bool) -> String {
    let mut value = String::with_capacity(160);
    value.push_str("Digest realm=\"");
    for letter in realm.chars().filter(|letter| !letter.is_control()) {
        if matches!(letter, '"' | '\\') {
            value.push('\\');
        }
        value.push(letter);
    }
    value.push_str("\", nonce=\"");
    value.push_str(nonce);
    value.push_str("\", algorithm=");
    value.push_str(algorithm.name());
    value.push_str(", qop=\"auth\"");
    if stale {
        value.push_str(", stale=true");
    }
    value
}

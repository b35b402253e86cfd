//! Invariants of single header values, without a message around them that a fuzzer would have to get right first.

use crate::{ByteStr, CSeq, Contact, HeaderName, HeaderValue, Host, NameAddr, Params, SentBy, Via};

/// One value, read as each type that a header may have: what is printed reads, and prints the same.
pub fn value(text: &[u8]) {
    let is_one_line = !text.iter().any(|byte| matches!(byte, b'\r' | b'\n' | 0));
    assert_eq!(HeaderValue::new(text.to_vec()).is_ok(), is_one_line);
    super::borrowed::value(text);
    if let Ok(via) = Via::parse(text.to_vec()) {
        let _ = (via.branch(), via.received(), via.rport(), via.maddr(), via.effective_port());
        assert!(via.is_sent_by(&via.sent_by()));
        assert_stable(&via, Via::write, |text| Via::parse(text).ok());
    }
    if let Ok(address) = NameAddr::parse(text.to_vec()) {
        let _ = (address.tag(), address.uri());
        assert_stable(&address, NameAddr::write, |text| NameAddr::parse(text).ok());
    }
    if let Ok(contact) = Contact::parse(text.to_vec()) {
        let _ = (contact.expires(), contact.instance(), contact.reg_id());
        assert!(contact.q().is_none_or(|q| q <= 1000));
        assert_stable(&contact, Contact::write, |text| Contact::parse(text).ok());
    }
    if let Ok(cseq) = CSeq::parse(text.to_vec()) {
        assert_stable(&cseq, CSeq::write, |text| CSeq::parse(text).ok());
    }
    if let Ok(params) = Params::parse(text.to_vec()) {
        assert_stable(&params, Params::write, |text| Params::parse(text).ok());
    }
    if let Ok(sent_by) = SentBy::parse(text.to_vec()) {
        assert_stable(&sent_by, SentBy::write, |text| SentBy::parse(text).ok());
    }
    if let Ok(host) = Host::parse(text.to_vec()) {
        assert_stable(&host, Host::write, |text| Host::parse(text).ok());
    }
    if let Ok(name) = HeaderName::parse(text) {
        assert_eq!(HeaderName::parse(name.as_str().as_bytes()).as_ref(), Ok(&name));
    }
}

/// Compares texts, not values: an escaped NUL in a quoted string is read and cannot be printed.
#[track_caller]
fn assert_stable<T>(value: &T, write: fn(&T, &mut Vec<u8>), read: fn(ByteStr) -> Option<T>) {
    let mut printed = Vec::new();
    write(value, &mut printed);
    let mut again = Vec::new();
    if let Some(value) = read(printed.clone().into()) {
        write(&value, &mut again);
    }
    assert!(again == printed, "{} reads and prints as {}", printed.escape_ascii(), again.escape_ascii());
}

//! Invariants of what is read without building a typed header: it says what the typed header says, and errs with it.

use crate::header::AddressParts;
use crate::params::Parameters;
use crate::{ByteStr, Contacts, Headers, Host, HostRef, NameAddr, Params, Via, ViaRef};

/// One value, read both ways.
pub(super) fn value(text: &[u8]) {
    let shown = text.escape_ascii();
    let (via, typed) = (ViaRef::parse(text), Via::parse(text.to_vec()));
    assert_eq!(via.as_ref().err(), typed.as_ref().err(), "Via {shown}");
    if let (Ok(via), Ok(typed)) = (via, typed) {
        same_via(&via, &typed);
    }
    let (tag, typed) = (AddressParts::tag(text), NameAddr::parse(text.to_vec()));
    assert_eq!(tag.as_ref().err(), typed.as_ref().err(), "address {shown}");
    assert_eq!(AddressParts::check(text).err(), typed.as_ref().err().copied(), "address {shown}");
    assert_eq!(tag.ok().flatten(), typed.ok().and_then(|address| address.tag()).as_deref(), "tag of {shown}");
    let typed = Params::parse(text.to_vec());
    assert_eq!(Parameters::check(text).err(), typed.as_ref().err().copied(), "parameters {shown}");
    if let Ok(typed) = typed {
        let read: Vec<_> = Parameters::new(text).into_iter().flatten().filter_map(Result::ok).collect();
        assert_eq!(read, typed.iter().collect::<Vec<_>>(), "parameters {shown}");
    }
}

/// The shortcuts of a message's headers.
pub(super) fn headers(headers: &Headers) {
    assert_eq!(headers.from_tag(), headers.from().ok().and_then(|from| from.tag()));
    assert_eq!(headers.to_tag(), headers.to().ok().and_then(|to| to.tag()));
    let (top, typed) = (headers.top_via(), headers.via());
    assert_eq!(top.as_ref().err(), typed.as_ref().err());
    if let (Ok(top), Ok(typed)) = (top, typed) {
        same_via(&top, &typed);
    }
    let contacts = headers.values(&crate::HeaderName::Contact);
    assert_eq!(Contacts::check(contacts).err(), headers.contacts().err());
}

fn same_via(via: &ViaRef<'_>, typed: &Via) {
    assert!(via.transport.eq_ignore_ascii_case(typed.transport.as_bytes()));
    assert_eq!((same_host(via.host), via.port), (typed.host.clone(), typed.port));
    assert_eq!(via.effective_port(), typed.effective_port());
    assert_eq!(via.branch, typed.branch().as_deref());
    assert_eq!(via.has_magic_cookie(), typed.has_magic_cookie());
    assert_eq!(via.has_rport, typed.rport().is_some());
    assert_eq!(via.received.is_some(), typed.params.has("received"));
    let host = |text: Option<&[u8]>| text.and_then(|text| HostRef::parse(text).ok()).map(same_host);
    assert_eq!((host(via.received), host(via.maddr)), (typed.received(), typed.maddr()));
    assert!(via.parameters().eq(typed.params.iter()));
}

fn same_host(host: HostRef<'_>) -> Host {
    match host {
        HostRef::Name(name) => Host::Name(ByteStr::copy_from_slice(name)),
        HostRef::V4(address) => Host::V4(address),
        HostRef::V6(address) => Host::V6(address),
    }
}

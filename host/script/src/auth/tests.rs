use std::sync::Arc;

use super::*;
use crate::kit::Kit;
use crate::outcome::Action;

const REGISTER: &str = "REGISTER sip:example.com SIP/2.0\r\n\
    Call-ID: 1\r\n\
    Authorization: Digest username=\"alice\", realm=\"example.com\", nonce=\"n\", response=\"r\"\r\n\
    Authorization: Digest username=\"alice\", realm=\"other.example\", nonce=\"n\", response=\"r\"\r\n\
    Proxy-Authorization: Digest username=\"alice\", realm=\"example.com\", nonce=\"n\", response=\"r\"\r\n\r\n";

const NO_OPTIONS: DigestOptions<'static> = DigestOptions { realm: None, password: None, ha1: None };

fn kit_that_says(www: DigestVerdict, proxy: DigestVerdict) -> (Kit, Arc<Request>) {
    let kit = Kit::new();
    *kit.authenticator.www.lock() = www;
    *kit.authenticator.proxy.lock() = proxy;
    let request = kit.request(REGISTER).unwrap();
    (kit, request)
}

fn valid() -> DigestVerdict {
    DigestVerdict::Valid { user: "alice".to_owned() }
}

fn challenges(request: &Request, status: u16, name: &HeaderName) -> Vec<String> {
    let Action::Reply(reply) = request.finish().unwrap().action else { panic!("no challenge") };
    assert_eq!(reply.response.status().as_u16(), status);
    reply.response.headers().all(name).map(|value| String::from_utf8(value.to_vec()).unwrap()).collect()
}

#[test]
fn a_valid_digest_sets_the_user_and_only_our_realms_credentials_are_taken_off() {
    let (_, request) = kit_that_says(valid(), DigestVerdict::NoCredentials);
    assert_eq!(require_www_digest(&request, &NO_OPTIONS), Ok(true));
    assert_eq!(request.auth_user().as_deref(), Some("alice"));
    let left = request.headers("Authorization").unwrap();
    assert_eq!(left.len(), 1);
    assert!(left[0].contains("other.example"));
    assert!(request.has_header("Proxy-Authorization").unwrap());
    assert!(!request.has_action());
}

#[test]
fn a_missing_digest_is_challenged_with_three_algorithms() {
    let (_, request) = kit_that_says(DigestVerdict::NoCredentials, valid());
    assert_eq!(require_digest(&request, &NO_OPTIONS), Ok(false));
    assert_eq!(request.auth_user(), None);
    let challenges = challenges(&request, 401, &HeaderName::WwwAuthenticate);
    let algorithms = ["algorithm=MD5,", "algorithm=SHA-256,", "algorithm=SHA-512-256,"];
    assert!(challenges.iter().zip(algorithms).all(|(challenge, algorithm)| challenge.contains(algorithm)));
    assert_eq!(challenges.len(), 3);
}

#[test]
fn the_proxy_form_reads_and_challenges_with_the_proxy_headers() {
    let (_, request) = kit_that_says(valid(), DigestVerdict::Invalid);
    assert_eq!(require_proxy_digest(&request, &NO_OPTIONS), Ok(false));
    assert_eq!(challenges(&request, 407, &HeaderName::ProxyAuthenticate).len(), 3);
    let (_, request) = kit_that_says(DigestVerdict::Invalid, valid());
    assert_eq!(require_proxy_digest(&request, &NO_OPTIONS), Ok(true));
    assert!(!request.has_header("Proxy-Authorization").unwrap());
    assert_eq!(request.headers("Authorization").unwrap().len(), 2);
}

#[test]
fn only_a_stale_nonce_is_said_to_be_stale() {
    for (verdict, stale) in
        [(DigestVerdict::Stale, true), (DigestVerdict::Invalid, false), (DigestVerdict::UnknownUser, false)]
    {
        let (_, request) = kit_that_says(verdict, DigestVerdict::NoCredentials);
        require_www_digest(&request, &NO_OPTIONS).unwrap();
        let challenges = challenges(&request, 401, &HeaderName::WwwAuthenticate);
        assert!(challenges.iter().all(|challenge| challenge.contains("stale=true") == stale));
    }
}

#[test]
fn a_later_reply_has_no_challenge() {
    let (_, request) = kit_that_says(DigestVerdict::Invalid, DigestVerdict::NoCredentials);
    require_www_digest(&request, &NO_OPTIONS).unwrap();
    request.reply(403, "Forbidden", false).unwrap();
    assert!(challenges(&request, 403, &HeaderName::WwwAuthenticate).is_empty());
}

#[test]
fn the_realm_is_the_scripts_or_the_configured_one() {
    let (kit, request) = kit_that_says(DigestVerdict::Invalid, DigestVerdict::NoCredentials);
    require_www_digest(&request, &NO_OPTIONS).unwrap();
    require_www_digest(&request, &DigestOptions { realm: Some("pbx"), ..NO_OPTIONS }).unwrap();
    let realms: Vec<String> = kit.authenticator.queries.lock().iter().map(|(realm, _)| realm.clone()).collect();
    assert_eq!(realms, ["example.com", "pbx"]);
    assert_eq!(kit.authenticator.queries.lock()[0].1.len(), 2);
}

#[test]
fn a_password_and_an_ha1_together_are_a_value_error() {
    let (_, request) = kit_that_says(valid(), valid());
    let both = DigestOptions { password: Some("p"), ha1: Some("h"), ..NO_OPTIONS };
    assert!(matches!(require_www_digest(&request, &both), Err(ApiError::Value(_))));
    assert!(matches!(verify_digest(&request, &both), Err(ApiError::Value(_))));
}

#[test]
fn verify_sets_the_user_and_neither_challenges_nor_strips() {
    let (_, request) = kit_that_says(DigestVerdict::NoCredentials, valid());
    assert_eq!(verify_digest(&request, &NO_OPTIONS), Ok(true));
    assert_eq!(request.auth_user().as_deref(), Some("alice"));
    assert_eq!(request.headers("Authorization").unwrap().len(), 2);
    let (_, request) = kit_that_says(DigestVerdict::Invalid, valid());
    assert_eq!(verify_digest(&request, &NO_OPTIONS), Ok(false));
    assert!(!request.has_action());
}

#[test]
fn ack_and_cancel_are_never_challenged() {
    for method in ["ACK", "CANCEL"] {
        let request = Kit::new().request(&REGISTER.replace("REGISTER", method)).unwrap();
        assert_eq!(require_www_digest(&request, &NO_OPTIONS), Ok(false));
        assert!(!request.has_action());
    }
}

#[test]
fn a_nonce_of_ours_is_valid_for_its_time() {
    let kit = Kit::new();
    let nonce = generate_nonce(&kit.context()).unwrap();
    assert_eq!(validate_nonce(&kit.context(), &nonce), Ok(true));
    kit.clock.advance(std::time::Duration::from_secs(3601));
    assert_eq!(validate_nonce(&kit.context(), &nonce), Ok(false));
}

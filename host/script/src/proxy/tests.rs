use super::*;
use crate::kit::Kit;

const OPTIONS: &str = "OPTIONS sip:example.com SIP/2.0\r\n\
    Via: SIP/2.0/UDP 192.0.2.7:5062;branch=z9hG4bK1\r\n\
    From: <sip:alice@example.com>;tag=1\r\n\
    To: <sip:example.com>\r\n\
    Call-ID: 1\r\n\
    CSeq: 1 OPTIONS\r\n\
    Max-Forwards: 70\r\n\r\n";

#[test]
fn a_source_over_its_rate_is_told_so_until_the_window_has_moved() {
    let kit = Kit::new();
    let request = kit.request(OPTIONS).unwrap();
    assert!(rate_limit(&request, 10.0, 2).unwrap());
    assert!(rate_limit(&request, 10.0, 2).unwrap());
    assert!(!rate_limit(&request, 10.0, 2).unwrap());
    kit.clock.advance(Duration::from_secs(10));
    assert!(rate_limit(&request, 10.0, 2).unwrap());
}

#[test]
fn a_window_that_is_none_is_a_value_error() {
    let request = Kit::new().request(OPTIONS).unwrap();
    assert!(matches!(rate_limit(&request, -1.0, 2), Err(ApiError::Value(_))));
    assert!(matches!(rate_limit(&request, f64::NAN, 2), Err(ApiError::Value(_))));
}

#[test]
fn a_sane_request_passes_the_check() {
    assert!(sanity_check(&Kit::new().request(OPTIONS).unwrap()).unwrap());
}

#[test]
fn a_request_without_a_mandatory_header_fails_the_check() {
    for header in ["Via", "From", "To", "Call-ID", "CSeq"] {
        let text = OPTIONS.replace(&format!("\n{header}:"), "\nX-Other:");
        assert!(!sanity_check(&Kit::new().request(&text).unwrap()).unwrap(), "{header}");
    }
}

#[test]
fn no_hops_left_or_another_method_in_cseq_fails_the_check() {
    let kit = Kit::new();
    let no_hops = OPTIONS.replace("Max-Forwards: 70", "Max-Forwards: 0");
    assert!(!sanity_check(&kit.request(&no_hops).unwrap()).unwrap());
    let other_method = OPTIONS.replace("CSeq: 1 OPTIONS", "CSeq: 1 INVITE");
    assert!(!sanity_check(&kit.request(&other_method).unwrap()).unwrap());
}

#[test]
fn the_memory_in_use_comes_from_the_server() {
    let kit = Kit::new();
    *kit.metrics.memory_used_pct.lock() = 42;
    assert_eq!(memory_used_pct(&kit.context()), Ok(42));
}

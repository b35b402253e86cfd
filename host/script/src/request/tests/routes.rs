//! Route, Record-Route and Path.

use std::sync::Arc;

use super::{INVITE, decision, invite};
use crate::error::ApiError;
use crate::kit::{Kit, flow};
use crate::request::Request;

fn routed(kit: &Kit, routes: &str) -> Arc<Request> {
    kit.request(&INVITE.replace("User-Agent: kit", &format!("Route: {routes}"))).unwrap()
}

#[test]
fn without_a_route_loose_route_is_true() {
    assert_eq!(invite().loose_route(), Ok(true));
}

#[test]
fn our_own_routes_are_taken_off_together() {
    let kit = Kit::new();
    let request = routed(&kit, "<sip:u@192.0.2.1;lr>, <sip:example.com;lr>, <sip:next.example.net;lr>");
    assert_eq!(request.route_user().as_deref(), Some("u"));
    assert_eq!(request.loose_route(), Ok(true));
    assert_eq!(request.headers("Route").unwrap(), ["<sip:next.example.net;lr>"]);
    assert_eq!(request.consumed_routes(), ["sip:u@192.0.2.1;lr", "sip:example.com;lr"]);
    assert_eq!(request.consumed_route_user().as_deref(), Some("u"));
    assert_eq!(request.consumed_route().unwrap().host().as_deref(), Some("192.0.2.1"));
}

#[test]
fn routes_on_lines_of_their_own_are_taken_off_too() {
    let kit = Kit::new();
    let request = routed(&kit, "<sip:192.0.2.1;lr>\r\nRoute: <sip:192.0.2.1:5060;lr>");
    assert_eq!(request.loose_route(), Ok(true));
    assert!(!request.has_header("Route").unwrap());
}

#[test]
fn a_foreign_or_strict_top_route_is_left_alone() {
    let kit = Kit::new();
    for routes in [
        "<sip:next.example.net;lr>, <sip:192.0.2.1;lr>",
        "<sip:192.0.2.1>",
        "<sip:192.0.2.1:5080;lr>",
        "<tel:+1555>",
        "nonsense <",
    ] {
        let request = routed(&kit, routes);
        assert_eq!(request.loose_route(), Ok(false), "{routes}");
        assert_eq!(request.header("Route").unwrap().as_deref(), Some(routes));
        assert!(request.consumed_routes().is_empty());
    }
}

#[test]
fn the_flow_that_a_route_of_ours_names_goes_with_the_decision() {
    let kit = Kit::new();
    let other = siphon_sip::Flow { remote: "192.0.2.50:40000".parse().unwrap(), ..flow() };
    kit.identity.tokens.lock().push(("abc".to_owned(), other));
    let request = routed(&kit, "<sip:192.0.2.1;lr>, <sip:192.0.2.1;lr;token=abc>");
    request.loose_route().unwrap();
    assert_eq!(decision(&request).route_flow, Some(other));
}

#[test]
fn path_and_route_are_put_before_the_others_as_one_line() {
    let kit = Kit::new();
    let request = routed(&kit, "<sip:one.example.net;lr>\r\nRoute: <sip:two.example.net;lr>");
    request.prepend_route("sip:zero.example.net").unwrap();
    assert_eq!(
        request.header("Route").unwrap().as_deref(),
        Some("<sip:zero.example.net;lr>, <sip:one.example.net;lr>, <sip:two.example.net;lr>")
    );
    request.add_path("<sip:edge.example.com;lr>").unwrap();
    assert_eq!(request.header("Path").unwrap().as_deref(), Some("<sip:edge.example.com;lr>"));
    assert!(matches!(request.add_path("tel:+1555"), Err(ApiError::InvalidUri(_))));
}

//! What the machine may refuse at start.

use siphon_tests::{ServerProcess, Setup};

use crate::SIPHON;
use crate::command::{Ended, folder, run};

const ROUTE: &str = "from siphon import proxy\n\n\n@proxy.on_request\ndef route(request):\n    request.relay()\n";

fn server() -> ServerProcess {
    Setup::new(SIPHON, ROUTE).start()
}

/// What a second server says that wants these.
fn second(sections: &str) -> Ended {
    let config = format!("domain: {{ local: [example.com] }}\nscript: {{ path: route.py }}\n{sections}\n");
    run(&folder(&[("siphon.yaml", &config), ("route.py", ROUTE)]), &["run", "-c", "siphon.yaml"])
}

#[test]
fn a_second_server_on_the_same_udp_port_fails_and_names_the_address() {
    let first = server();
    let ended = second(&format!("listen: {{ udp: [\"{}\"] }}", first.udp()));
    assert_eq!(ended.code, Some(1), "{ended:?}");
    let last = ended.err.lines().last().unwrap_or_default();
    assert!(last.starts_with("siphon: ") && last.contains(&first.udp().to_string()), "{}", ended.err);
}

#[test]
fn a_second_server_on_the_same_tcp_port_fails_and_names_the_address() {
    let first = server();
    let ended = second(&format!("listen: {{ tcp: [\"{}\"] }}", first.tcp()));
    assert_eq!(ended.code, Some(1), "{ended:?}");
    let last = ended.err.lines().last().unwrap_or_default();
    assert!(last.starts_with("siphon: ") && last.contains(&first.tcp().to_string()), "{}", ended.err);
}

#[test]
fn a_metrics_page_on_a_taken_port_fails_and_names_the_key_and_the_address() {
    let first = server();
    let taken = first.tcp();
    let listen = "listen: { udp: [\"127.0.0.1:0\"] }";
    let ended = second(&format!("{listen}\nmetrics: {{ prometheus: {{ listen: \"{taken}\" }} }}"));
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(ended.err.contains(&format!("metrics.prometheus.listen {taken}")), "{}", ended.err);
}

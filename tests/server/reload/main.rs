//! Saving a script while the server serves: what is swapped, what is kept, who notices.
#![forbid(unsafe_code)]
// Test code: what goes wrong here shall end the test with its reason.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod held;
mod storm;
mod triggers;

use siphon_sip::{HeaderName, Response};
use siphon_tests::wait::until;
use siphon_tests::{Phone, ServerProcess, Setup};

/// A server with this script.
fn setup(script: &str) -> Setup {
    Setup::new(env!("CARGO_BIN_EXE_siphon"), script)
}

/// Loads that succeeded, the first one included, and loads that failed.
fn loads(server: &ServerProcess) -> (u64, u64) {
    (server.metric("siphon_script_swaps_total"), server.metric("siphon_script_refusals_total"))
}

/// Saves a file and waits until that was one load more, whether it succeeded or not.
fn save(server: &ServerProcess, name: &str, content: &str) {
    let (swaps, refusals) = loads(server);
    server.save(name, content);
    wait_for_loads(server, swaps + refusals + 1);
}

/// Waits until there were so many loads in all.
fn wait_for_loads(server: &ServerProcess, wanted: u64) {
    until("the saved file to be taken or refused", || {
        let (swaps, refusals) = loads(server);
        (swaps + refusals >= wanted).then_some(())
    });
}

/// Sends an OPTIONS and returns the answer.
fn ask(phone: &mut Phone, call_id: &str) -> Response {
    phone.send(&phone.request("OPTIONS", "sip:example.com", call_id, ""));
    phone.receive_response()
}

fn header<'m>(response: &'m Response, name: &str) -> &'m str {
    let name = HeaderName::parse(name.as_bytes()).unwrap();
    response.headers().first_str(&name).unwrap_or_default()
}

/// A script whose OPTIONS handler says which version it is.
fn version(version: &str) -> String {
    format!(
        "
from siphon import proxy


@proxy.on_request(\"OPTIONS\")
def answer(request):
    request.set_reply_header(\"X-Version\", \"{version}\")
    request.reply(200, \"OK\")
"
    )
}

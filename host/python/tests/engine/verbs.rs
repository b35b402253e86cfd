//! The shells: what a script says reaches the verb, and what the verb answers comes back as the right type.

use siphon_script::Action;
use siphon_script::ports::DigestVerdict;
use siphon_sip::StatusCode;

use crate::support::{Bench, decided, message, reason};

#[test]
fn the_request_uri_is_a_live_view() {
    let bench = Bench::new();
    let script = bench.script(
        "from siphon import proxy

@proxy.on_request
def route(request):
    request.ruri.user = 'carol'
    request.ruri.port = 5070
    uri = request.ruri
    request.set_ruri_host('example.org')
    assert uri.host == 'example.org' and str(uri) == 'sip:carol@example.org:5070'
    request.from_uri.user = 'nobody'
    assert request.from_uri.user == 'alice'
    request.ruri = 'sip:dave@example.com;transport=tcp'
    assert request.ruri.params == {'transport': 'tcp'} and request.ruri.is_local
    request.set_ruri(request.to_uri)
    assert request.ruri == request.to_uri and request.ruri != 'x'
    request.ruri.user = 'erin'
    request.relay()
",
    );
    assert_eq!(decided(script.options()).message.uri().to_string(), "sip:erin@example.com");
}

#[test]
fn a_digest_result_is_a_truth_value_and_can_be_awaited() {
    let bench = Bench::new();
    let script = bench.script(
        "from siphon import proxy, auth

@proxy.on_request('OPTIONS')
def plain(request):
    if not auth.require_www_digest(request, realm='example.com'):
        return
    request.reply(200, request.auth_user)

@proxy.on_request('INVITE')
async def waiting(request):
    result = auth.require_proxy_digest(request)
    assert (await result) is bool(result) and result == bool(result)
    if await result:
        request.reply(200, request.auth_user)
",
    );
    let status = |outcome| match decided(outcome).action {
        Action::Reply(reply) => reply.response.status(),
        other => panic!("{other:?}"),
    };
    assert_eq!(status(script.options()), StatusCode::UNAUTHORIZED);
    assert_eq!(status(script.request(&message("INVITE", ""))), StatusCode::PROXY_AUTHENTICATION_REQUIRED);
    let valid = || DigestVerdict::Valid { user: "alice".to_owned() };
    *bench.kit.authenticator.www.lock() = valid();
    *bench.kit.authenticator.proxy.lock() = valid();
    assert_eq!(script.answer(), "alice");
    assert_eq!(reason(script.request(&message("INVITE", ""))), "alice");
}

#[test]
fn a_saved_binding_is_looked_up_in_the_same_handler() {
    let bench = Bench::new();
    let script = bench.script(
        "from siphon import proxy, registrar

@proxy.on_request('REGISTER')
def register(request):
    assert registrar.save(request)
    contacts = registrar.lookup(request.to_uri)
    assert [str(contact) for contact in contacts] == ['sip:bob@192.0.2.7:5062'], contacts
    assert contacts[0].expires == 60 and contacts[0].flow.transport == 'udp'
    assert registrar.is_registered('sip:bob@example.com')
",
    );
    let outcome = script.request(&message("REGISTER", "Contact: <sip:bob@192.0.2.7:5062>;expires=60\r\n"));
    let decision = decided(outcome);
    assert_eq!(decision.registrations.len(), 1);
    assert!(matches!(decision.action, Action::SaveReply(_)));
}

#[test]
fn a_contact_of_a_look_up_is_a_target() {
    let bench = Bench::new();
    let script = bench.script(
        "from siphon import proxy, registrar

@proxy.on_request('REGISTER')
def register(request):
    registrar.save(request)
    request.fork([*registrar.lookup('sip:bob@example.com'), 'sip:a@192.0.2.9', request.ruri], strategy='sequential')
",
    );
    let outcome = script.request(&message("REGISTER", "Contact: <sip:bob@192.0.2.7:5062>;q=0.5\r\n"));
    let Action::Fork(fork) = decided(outcome).action else { panic!("no fork") };
    let uris: Vec<String> = fork.targets.iter().map(|target| target.uri.to_string()).collect();
    assert_eq!(uris, ["sip:bob@192.0.2.7:5062", "sip:a@192.0.2.9", "sip:bob@example.com"]);
    assert!(fork.sequential && fork.targets[0].flow.is_some() && fork.targets[1].flow.is_none());
}

#[test]
fn a_flow_goes_back_into_relay() {
    let bench = Bench::new();
    let script = bench.script(
        "from siphon import proxy

@proxy.on_request
def route(request):
    flow = request.flow
    assert flow == request.flow and hash(flow) == hash(request.flow) and flow.is_alive
    assert (flow.transport, flow.remote_addr, flow.local_addr) == ('udp', '192.0.2.7:5062', '192.0.2.1:5060')
    request.relay(flow=flow, send_socket='udp:192.0.2.1:5060')
",
    );
    let Action::Relay(relay) = decided(script.options()).action else { panic!("no relay") };
    assert!(relay.flow.is_some() && relay.send_socket.is_some());
}

#[test]
fn a_session_description_is_edited_and_applied() {
    let bench = Bench::new();
    let script = bench.script(
        "from siphon import proxy, sdp
OFFER = '\\r\\n'.join(['v=0', 'o=alice 1 1 IN IP4 192.0.2.1', 's=-', 'c=IN IP4 192.0.2.1', 't=0 0', 'a=tool:x',
    'm=audio 4000 RTP/AVP 0 8 97', 'a=rtpmap:97 iLBC/8000', 'a=sendrecv', 'm=video 4002 RTP/AVP 31', ''])

@proxy.on_request
def route(request):
    offer = sdp.parse(OFFER)
    assert offer.origin.startswith('alice') and offer.connection == 'IN IP4 192.0.2.1' and offer.session_name == '-'
    assert offer.attrs == ['tool:x'] and offer.get_attr('tool') == 'x' and not offer.has_attr('none')
    audio, video = offer.media
    assert (audio.media_type, audio.port, audio.protocol) == ('audio', 4000, 'RTP/AVP')
    assert audio.codecs == ['PCMU', 'PCMA', 'iLBC'] and audio.get_attr('sendrecv') == ''
    audio.port = 5000
    audio.set_attr('ptime', '20')
    offer.filter_codecs(['pcma', 'h261'])
    offer.remove_media('video')
    try:
        video.port
        raise AssertionError
    except LookupError:
        pass
    offer.apply(request)
    again = sdp.parse(request)
    assert str(again) == str(offer) and again.media[0].codecs == ['PCMA'] and len(again.media) == 1
    request.reply(200, request.content_type)
",
    );
    assert_eq!(script.answer(), "application/sdp");
}

#[test]
fn metrics_may_be_declared_again_by_a_reload() {
    let bench = Bench::new();
    let text = "
from siphon import proxy, metrics
calls = metrics.counter('calls', 'Calls', labels=['kind'])
load = metrics.gauge('load', 'Load')

@proxy.on_request
def route(request):
    calls.labels(kind='x').inc(2)
    load.set(5)
    load.dec()
    request.reply(200, 'counted')
";
    let (first, second) = (bench.script(text), bench.script(text));
    assert_eq!([first.answer(), second.answer()], ["counted", "counted"]);
    assert_eq!(bench.kit.metrics.value("calls", &["x"]), Some(4.0));
    assert_eq!(bench.kit.metrics.value("load", &[]), Some(4.0));
}

#[test]
fn a_cache_keeps_what_handlers_of_any_generation_stored() {
    let bench = Bench::new();
    let first = bench.script("from siphon import proxy, cache\n\n@proxy.on_request\nasync def route(request):\n    request.reply(200, str(await cache.store('c', 'k', 'v', ttl=30)))\n");
    let second = bench.script("from siphon import proxy, cache\n\n@proxy.on_request\nasync def route(request):\n    request.reply(200, str(await cache.fetch('c', 'k')))\n");
    assert_eq!([first.answer(), second.answer()], ["True", "v"]);
}

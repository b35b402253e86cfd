"""Calls every verb and reads every property that a script may rely on."""

import asyncio

from siphon import (
    Contact,
    DigestResult,
    Flow,
    Reply,
    Request,
    SipUri,
    auth,
    cache,
    log,
    metrics,
    proxy,
    registrar,
    sdp,
    timer,
)

counter = metrics.counter("names_counter", "help")
gauge = metrics.gauge("names_gauge", "help", labels=["kind"])
histogram = metrics.histogram("names_histogram", "help", buckets=[1, 2, 5])


@proxy.on_request
def properties(request):
    assert isinstance(request, Request)
    assert isinstance(request.ruri, SipUri)
    assert isinstance(request.flow, Flow)
    values = {
        "method": "OPTIONS",
        "from_tag": "a1",
        "to_tag": None,
        "call_id": "call-1",
        "cseq": (7, "OPTIONS"),
        "in_dialog": False,
        "max_forwards": 70,
        "body": None,
        "content_type": None,
        "transport": "udp",
        "source_ip": "192.0.2.7",
        "source_port": 5062,
        "user_agent": None,
        "event": None,
        "auth_user": None,
        "contact_expires": None,
        "route_user": None,
        "consumed_routes": [],
        "consumed_route": None,
        "consumed_route_user": None,
    }
    for name, expected in values.items():
        assert getattr(request, name) == expected, name
    uri = request.to_uri
    assert (uri.scheme, uri.user, uri.host, uri.port, uri.params) == ("sip", "bob", "example.com", None, {})
    assert not uri.is_tel
    assert str(uri) == "sip:bob@example.com" and hash(uri) == hash(request.to_uri)
    request.auth_user = "alice"
    assert request.auth_user == "alice"


@proxy.on_request
def headers(request):
    request.set_header("X-A", "1")
    request.ensure_header("X-A", "2")
    request.ensure_header("X-B", "2")
    assert request.get_header("x-a") == request.header("X-A") == "1"
    assert request.has_header("X-B") and not request.has_header("X-C")
    request.set_header("Supported", "100rel, timer, path")
    request.remove_from_header_list("Supported", "TIMER")
    assert request.get_headers("k") == ["100rel", "path"]
    request.remove_header("X-A")
    request.remove_headers_matching("x-")
    assert not request.has_header("X-B")
    request.set_body("text", "text/plain")
    assert request.body == b"text" and request.has_body("text/plain")
    request.set_body(b"")
    request.set_reply_header("X-R", "1")
    request.add_reply_header("X-R", "2")
    request.set_reply_to_tag("tag")
    request.set_reply_body(b"body", "text/plain")


@proxy.on_request
def addresses(request):
    request.set_ruri_user("carol")
    request.set_ruri_host("example.org")
    request.set_ruri("sip:carol@example.com")
    request.set_from_display("Anon")
    request.set_to_display("")
    request.set_from_uri("sip:anon@example.com")
    request.set_to_uri("sip:carol@example.com")
    request.set_contact_uri("sip:x@192.0.2.1")
    request.set_contact_user("y")
    request.add_path("sip:192.0.2.1")
    request.prepend_route("sip:192.0.2.1")
    assert request.loose_route() is True
    assert len(request.consumed_routes) == 1 and isinstance(request.consumed_route, SipUri)
    assert request.source_ip_in(["192.0.2.0/24", "nonsense"]) is True
    request.record_route()


@proxy.on_request
async def namespaces(request):
    assert proxy.rate_limit(request, 1.0, 1000) is True
    assert proxy.sanity_check(request) in (True, False)
    assert isinstance(proxy.memory_used_pct(), int)
    for name in ("debug", "info", "warn", "warning", "error"):
        getattr(log, name)("a line of %s", name)
        getattr(log, name)("no place", "for this")
        getattr(log, name)(7)
    nonce = auth.generate_nonce()
    assert isinstance(auth.validate_nonce(nonce), bool)
    for name in ("require_www_digest", "require_proxy_digest", "require_digest", "verify_digest"):
        result = getattr(auth, name)(request, realm=None, password=None, ha1=None)
        assert isinstance(result, DigestResult) and bool(result) is False and (await result) is False
    aor = "sip:carol@example.com"
    assert registrar.lookup(aor) == [] and registrar.is_registered(aor) is False
    assert registrar.lookup_contact("sip:x@192.0.2.1") == [] and not registrar.is_registered_contact("sip:x@192.0.2.1")
    assert registrar.lookup_by_token("token") is None
    assert await registrar.aor_count() == 0
    registrar.expire(aor)
    registrar.remove(aor)
    registrar.set_service_routes(aor, ["sip:192.0.2.1;lr"])
    registrar.set_associated_uris(aor, ["sip:+1@example.com"])
    assert isinstance(registrar.service_route(aor), list) and isinstance(registrar.associated_uris(aor), list)
    assert registrar.asserted_identity(aor) is None or isinstance(registrar.asserted_identity(aor), str)
    assert registrar.save(request, force=True, aliases=[aor], flow_token="t") in (True, False)


@proxy.on_request
async def caches(request):
    assert cache.has_cache("named") and not cache.has_cache("other")
    assert await cache.store("named", "k", "v") is True
    assert await cache.fetch("named", "k") == "v"
    assert await cache.fetch("other", "k") is None
    assert await cache.exists("named", "k") is True
    assert await cache.expire("named", "k", 30) is True
    assert await cache.delete("named", "k") is True
    assert await cache.list_push("named", "l", "one") == 1
    assert await cache.list_len("named", "l") == 1
    assert await cache.list_len_sum("named", "l") == 1
    assert await cache.list_pop_all("named", "l") == ["one"]
    task = asyncio.create_task(cache.fetch("named", "k"))
    assert await task is None


@proxy.on_request
def rest(request):
    counter.inc()
    gauge.labels(kind="x").set(3)
    gauge.labels(kind="x").inc()
    gauge.labels(kind="x").dec(2)
    histogram.observe(1.5)
    handle = timer.set("key", 1000, lambda key: None)
    assert handle.key == "key" and timer.active_count == 1
    assert timer.cancel("key") is True and handle.cancel() is False
    assert str(sdp.parse("v=0\r\n")) == "v=0\r\n"
    request.relay("sip:192.0.2.9", on_reply=lambda *args: None, on_failure=lambda *args: None)
    request.fork(["sip:192.0.2.9"], strategy="parallel", send_socket="udp:192.0.2.1:5060")
    request.reply(200, "every name", reliable=False)


@proxy.on_reply
def reply_names(request, reply):
    assert isinstance(reply, Reply)
    for name in ("status_code", "reason", "from_uri", "to_uri", "call_id", "body", "content_type", "source_ip"):
        getattr(reply, name)
    reply.forward()


@registrar.on_change
def changed(aor, event, contacts):
    assert all(isinstance(contact, Contact) for contact in contacts)

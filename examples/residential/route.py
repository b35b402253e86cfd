"""A residential proxy: phones register with a password and call each other by name."""

from siphon import Reply, Request, auth, log, proxy, registrar


@proxy.on_request
def route(request: Request) -> None:
    if request.in_dialog:
        request.loose_route()
        request.relay()
    elif request.method == "REGISTER":
        register(request)
    elif request.ruri.is_local:
        call(request)
    else:
        request.reply(403, "Relaying Denied")


def register(request: Request) -> None:
    """Lets a phone in that knows its password."""
    if auth.require_www_digest(request):
        registrar.save(request)


def call(request: Request) -> None:
    """Rings every phone of the user who is called."""
    if request.method == "OPTIONS" and request.ruri.user is None:
        request.reply(200, "OK")
        return
    phones = registrar.lookup(request.ruri)
    if not phones:
        request.reply(404, "Not Found")
        return
    request.record_route()
    request.fork(phones)


@proxy.on_failure
def nobody(request: Request, reply: Reply) -> None:
    log.info(f"call to {request.ruri} failed: {reply.status_code} {reply.reason}")
    reply.relay()

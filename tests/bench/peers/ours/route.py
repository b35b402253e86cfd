"""What the benchmarks ask of every peer: answer OPTIONS, record-route calls, save contacts."""

import asyncio
import os
import time

from siphon import Request, auth, proxy, registrar

MODE = os.environ.get("BENCH_MODE", "")
TAG = "v1"

options_seen = 0


@proxy.on_request
def route(request: Request) -> None:
    method = request.method
    if method == "OPTIONS":
        options(request)
    elif request.in_dialog:
        request.loose_route()
        request.relay()
    elif method == "REGISTER":
        if MODE != "regauth" or auth.require_www_digest(request):
            registrar.save(request)
    else:
        call(request)


def options(request: Request) -> None:
    global options_seen
    if MODE == "block":
        options_seen += 1
        if options_seen % 20 == 0:
            time.sleep(0.2)
    request.reply(200, "OK " + TAG)


def call(request: Request) -> None:
    request.record_route()
    if MODE == "location":
        contacts = registrar.lookup(request.ruri)
        if contacts:
            request.fork(contacts)
        else:
            request.reply(404, "Not Found")
    elif request.transport == "tcp":
        request.relay("sip:127.0.77.3:15070;transport=tcp")
    else:
        request.relay("sip:127.0.77.3:15070")


if MODE == "blockasync":

    @proxy.on_request("OPTIONS")
    async def slow(request: Request) -> None:
        global options_seen
        options_seen += 1
        if options_seen % 20 == 0:
            await asyncio.sleep(0.2)

"""The script API of SIPhon: what a routing script imports.

    from siphon import proxy, registrar, auth, cache, log

    @proxy.on_request("OPTIONS")
    def ping(request):
        request.reply(200, "OK")

The package is source that belongs to no engine: `_bridge` finds the one that is there.
"""

from siphon._absent import (
    AuthVectorHandle,
    LcrDecision,
    PendingSA,
    Route,
    SAHandle,
    SecurityOffer,
    SecurityServerParams,
    Transform,
    b2bua,
    cdr,
    diameter,
    gateway,
    http,
    ipsec,
    isc,
    lcr,
    li,
    numbers,
    presence,
    qos,
    registration,
    rtpengine,
    sbi,
    smpp,
    srs,
    stir,
)
from siphon._messages import Contact, DigestResult, Flow, Reply, Request, SipUri
from siphon._namespaces import auth, cache, log, metrics, proxy, registrar, sdp, timer

__all__ = [
    "AuthVectorHandle",
    "Contact",
    "DigestResult",
    "Flow",
    "LcrDecision",
    "PendingSA",
    "Reply",
    "Request",
    "Route",
    "SAHandle",
    "SecurityOffer",
    "SecurityServerParams",
    "SipUri",
    "Transform",
    "auth",
    "b2bua",
    "cache",
    "cdr",
    "diameter",
    "gateway",
    "http",
    "ipsec",
    "isc",
    "lcr",
    "li",
    "log",
    "metrics",
    "numbers",
    "presence",
    "proxy",
    "qos",
    "registrar",
    "registration",
    "rtpengine",
    "sbi",
    "sdp",
    "smpp",
    "srs",
    "stir",
    "timer",
]

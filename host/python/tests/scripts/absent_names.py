"""Uses every name that this server does not have."""

from siphon import (
    AuthVectorHandle,
    LcrDecision,
    PendingSA,
    Route,
    SAHandle,
    SecurityOffer,
    SecurityServerParams,
    Transform,
    auth,
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
    proxy,
    qos,
    registrar,
    registration,
    rtpengine,
    sbi,
    smpp,
    srs,
    stir,
)

NAMESPACES = [
    b2bua, cdr, diameter, gateway, http, ipsec, isc, lcr, li, numbers, presence, qos, registration, rtpengine, sbi,
    smpp, srs, stir, proxy.subscribe_state,
]  # fmt: skip
CLASSES = [AuthVectorHandle, LcrDecision, PendingSA, Route, SAHandle, SecurityOffer, SecurityServerParams, Transform]


def refuses(function, *args, **kwargs):
    try:
        function(*args, **kwargs)
    except NotImplementedError as error:
        assert str(error).endswith("is not available in this version of SIPhon"), error
    else:
        raise AssertionError(function)


@proxy.on_request
def route(request):
    for namespace in NAMESPACES:
        refuses(namespace.anything, 1, key=2)
        assert "not available" in repr(namespace)
    for name in CLASSES:
        refuses(name)
    for verb in (proxy.send_request, proxy.enum_lookup, auth.require_ims_digest, auth.require_aka_digest):
        refuses(verb, request)
    for name in ("save_proxy", "save_as_contact", "save_pending", "confirm_pending", "reginfo_xml"):
        refuses(getattr(registrar, name), request)
    for name in (
        "fix_nated_register",
        "fix_nated_contact",
        "add_contact_alias",
        "force_send_via",
        "from_gateway",
        "rewrite_identities",
        "set_charging_param",
        "generate_icid",
        "add_pcscf_path",
        "parse_security_client",
    ):
        assert hasattr(request, name)
        refuses(getattr(request, name))
    refuses(bool, request.is_ipsec_protected)
    request.reply(200, "every absent name")

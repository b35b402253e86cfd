"""`proxy`, `registrar`, `auth`, `cache`, `log`, `timer`, `metrics`, `sdp`: the engine's verbs, with decorators."""

from siphon import _decorators
from siphon._absent import absent, absent_verb
from siphon._bridge import native


class _Namespace:
    """Has the verbs of a native namespace as its own attributes."""

    def __init__(self, verbs):
        for name in dir(verbs):
            if not name.startswith("_") and not hasattr(type(self), name):
                setattr(self, name, getattr(verbs, name))


class Proxy(_Namespace):
    """Requests and responses that pass through."""

    on_request = staticmethod(_decorators.filtered("proxy.on_request"))
    on_reply = staticmethod(_decorators.plain("proxy.on_reply"))
    on_register_reply = staticmethod(_decorators.plain("proxy.on_register_reply"))
    on_failure = staticmethod(_decorators.plain("proxy.on_failure"))
    on_cancel = staticmethod(_decorators.plain("proxy.on_cancel"))
    subscribe_state = absent("proxy.subscribe_state")
    send_request = absent_verb("proxy.send_request")
    enum_lookup = absent_verb("proxy.enum_lookup")


class Registrar(_Namespace):
    """Bindings of addresses of record."""

    on_change = staticmethod(_decorators.plain("registrar.on_change"))
    save_proxy = absent_verb("registrar.save_proxy")
    save_as_contact = absent_verb("registrar.save_as_contact")
    save_pending = absent_verb("registrar.save_pending")
    confirm_pending = absent_verb("registrar.confirm_pending")
    reginfo_xml = absent_verb("registrar.reginfo_xml")


class Auth(_Namespace):
    """Digest authentication."""

    require_ims_digest = absent_verb("auth.require_ims_digest")
    require_aka_digest = absent_verb("auth.require_aka_digest")


class Timer(_Namespace):
    """What happens later, or again and again."""

    @staticmethod
    def every(seconds, name=None, jitter=0):
        """Calls the function without arguments every so many seconds, with up to `jitter` seconds added each time."""
        if isinstance(seconds, bool) or not isinstance(seconds, (int, float)):
            raise TypeError("timer.every takes the interval in seconds: @timer.every(30)")
        if not 0 < seconds < float("inf") or not 0 <= jitter < float("inf"):
            raise ValueError("timer.every: the interval must be above 0 seconds and the jitter not below")
        metadata = {"seconds": float(seconds), "name": name, "jitter": float(jitter)}
        return lambda function: _decorators.register("timer.every", function, None, metadata)

    @property
    def active_count(self):
        """How many timers of `timer.set` are waiting."""
        return native.timer.active_count


proxy = Proxy(native.proxy)
registrar = Registrar(native.registrar)
auth = Auth(native.auth)
cache = native.cache
log = native.log
timer = Timer(native.timer)
metrics = native.metrics
sdp = native.sdp

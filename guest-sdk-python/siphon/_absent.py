"""Names of the script API that this server does not have. They can be imported; using one says so."""


def _refuse(name):
    raise NotImplementedError(f"{name} is not available in this version of SIPhon")


class _AbsentVerb:
    def __init__(self, name):
        self.__name__ = name

    def __call__(self, *args, **kwargs):
        _refuse(self.__name__)

    def __repr__(self):
        return f"<{self.__name__}: not available>"


def absent_verb(name):
    """A function that raises NotImplementedError when it is called."""
    return _AbsentVerb(name)


class _Absent:
    """A namespace each of whose verbs raises NotImplementedError when it is called."""

    def __init__(self, name):
        self.__name__ = name

    def __getattr__(self, verb):
        if verb.startswith("__") and verb.endswith("__"):
            raise AttributeError(f"{self.__name__} has no attribute {verb!r}")
        return absent_verb(f"{self.__name__}.{verb}")

    def __call__(self, *args, **kwargs):
        _refuse(self.__name__)

    def __repr__(self):
        return f"<{self.__name__}: not available>"


def absent(name):
    """A namespace that is not available."""
    return _Absent(name)


class _AbsentClass:
    def __init__(self, *args, **kwargs):
        _refuse(type(self).__name__)


class Route(_AbsentClass):
    """A route of least cost routing."""


class LcrDecision(_AbsentClass):
    """What least cost routing decided."""


class Transform(_AbsentClass):
    """An IPsec transform."""


class SecurityOffer(_AbsentClass):
    """A Security-Client offer."""


class AuthVectorHandle(_AbsentClass):
    """An AKA authentication vector."""


class PendingSA(_AbsentClass):
    """A security association being set up."""


class SecurityServerParams(_AbsentClass):
    """A Security-Server answer."""


class SAHandle(_AbsentClass):
    """A security association."""


b2bua = absent("b2bua")
registration = absent("registration")
gateway = absent("gateway")
rtpengine = absent("rtpengine")
presence = absent("presence")
cdr = absent("cdr")
numbers = absent("numbers")
qos = absent("qos")
lcr = absent("lcr")
isc = absent("isc")
sbi = absent("sbi")
srs = absent("srs")
li = absent("li")
diameter = absent("diameter")
ipsec = absent("ipsec")
stir = absent("stir")
smpp = absent("smpp")
http = absent("http")

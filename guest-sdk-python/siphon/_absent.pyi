"""Names that can be imported; using one raises NotImplementedError."""

from typing import Any

class Route:
    def __init__(self, *args: Any, **kwargs: Any) -> None: ...

class LcrDecision:
    def __init__(self, *args: Any, **kwargs: Any) -> None: ...

class Transform:
    def __init__(self, *args: Any, **kwargs: Any) -> None: ...

class SecurityOffer:
    def __init__(self, *args: Any, **kwargs: Any) -> None: ...

class AuthVectorHandle:
    def __init__(self, *args: Any, **kwargs: Any) -> None: ...

class PendingSA:
    def __init__(self, *args: Any, **kwargs: Any) -> None: ...

class SecurityServerParams:
    def __init__(self, *args: Any, **kwargs: Any) -> None: ...

class SAHandle:
    def __init__(self, *args: Any, **kwargs: Any) -> None: ...

b2bua: Any
registration: Any
gateway: Any
rtpengine: Any
presence: Any
cdr: Any
numbers: Any
qos: Any
lcr: Any
isc: Any
sbi: Any
srs: Any
li: Any
diameter: Any
ipsec: Any
stir: Any
smpp: Any
http: Any

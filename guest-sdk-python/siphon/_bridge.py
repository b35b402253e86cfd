"""The engine's own module, whichever engine it is. Nothing of the script API is decided here."""

import _siphon as native

__all__ = ["native"]

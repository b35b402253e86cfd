"""The engine's own module. What scripts may use of it is typed in the `siphon` package."""

from typing import Any

def check_method_filter(text: str, /) -> None:
    """Raises ValueError unless the text is a list of methods: `INVITE|SUBSCRIBE`."""

def __getattr__(name: str) -> Any: ...

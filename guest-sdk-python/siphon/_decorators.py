"""How a function becomes a handler: bare (`@on_reply`), called (`@on_reply()`), with a filter (`@on_request("BYE")`)."""

import asyncio
import inspect
import sys
from collections.abc import Callable
from typing import Any

import _siphon_registry as registry

from siphon._bridge import native


def is_async(function: Callable[..., object]) -> bool:
    """Whether calling `function` gives a coroutine, as far as can be known without calling it."""
    if inspect.iscoroutinefunction(function) or inspect.iscoroutinefunction(type(function).__call__):
        return True
    return sys.version_info < (3, 12) and asyncio.iscoroutinefunction(function)


def register(kind: str, function: Any, filter: str | None = None, metadata: dict[str, Any] | None = None) -> Any:
    """Registers a handler and returns the function unchanged."""
    if not callable(function):
        raise TypeError(f"{kind} needs a function, not {type(function).__name__}")
    registry.register(kind, filter, function, is_async(function), metadata)
    return function


def plain(kind: str) -> Callable[..., Any]:
    """A decorator without arguments, to be written with or without parentheses."""

    def decorator(function: Any = None) -> Any:
        if function is None:
            return lambda function: register(kind, function)
        return register(kind, function)

    return decorator


def filtered(kind: str) -> Callable[..., Any]:
    """A decorator whose only argument is a list of methods: `INVITE|SUBSCRIBE`."""

    def decorator(filter: Any = None) -> Any:
        if filter is None:
            return lambda function: register(kind, function)
        if isinstance(filter, str):
            native.check_method_filter(filter)
            return lambda function: register(kind, function, str(filter))
        if callable(filter):
            return register(kind, filter)
        raise TypeError(f'{kind} takes methods as a str ("INVITE|SUBSCRIBE"), not {type(filter).__name__}')

    return decorator

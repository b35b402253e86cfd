"""The decorators' sink: what a script registers while it loads, in order. The engine reads it when the load is over."""

from collections.abc import Callable
from typing import Any

Entry = tuple[str, str | None, Callable[..., object], bool, dict[str, Any] | None]

_entries: list[Entry] = []
_sealed = False


def register(
    kind: str,
    filter: str | None,
    callable: Callable[..., object],
    is_async: bool,
    metadata: dict[str, Any] | None = None,
) -> None:
    """Adds an entry. Kinds that the engine does not know are kept and not called."""
    if _sealed:
        raise RuntimeError(f"{kind}: handlers are registered while the script loads, not later")
    _entries.append((kind, filter, callable, bool(is_async), metadata))


def entries() -> list[Entry]:
    """The entries as (kind, filter, callable, is_async, metadata), in order."""
    return list(_entries)


def clear() -> None:
    """Forgets the entries."""
    _entries.clear()


def _seal() -> None:
    global _sealed
    _sealed = True

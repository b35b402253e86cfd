"""The decorators' sink: what a script registers while it loads, in order. The engine reads it when the load is over."""

_entries = []
_sealed = False


def register(kind, filter, callable, is_async, metadata=None):
    """Adds an entry. Kinds that the engine does not know are kept and not called."""
    if _sealed:
        raise RuntimeError(f"{kind}: handlers are registered while the script loads, not later")
    _entries.append((kind, filter, callable, bool(is_async), metadata))


def entries():
    """The entries as (kind, filter, callable, is_async, metadata), in order."""
    return list(_entries)


def clear():
    """Forgets the entries."""
    _entries.clear()


def _seal():
    global _sealed
    _sealed = True

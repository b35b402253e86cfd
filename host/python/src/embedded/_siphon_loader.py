"""The modules of one generation of a script. Not the process's import system: what is not the script's own stays there.

A generation has its own module table. The names in it are `siphon`, `_siphon`, `_siphon_registry` and every file under
the script's directories; they are found through the generation's own `__import__`, which its modules have as a builtin,
so that an import inside a function, made long after the load, meets the same table. Everything else is imported by the
interpreter as always.
"""

import builtins
import importlib
import importlib.machinery
import importlib.util
import linecache
import os
import site
import sys
import threading
import traceback
import types
from collections.abc import Mapping, Sequence
from typing import Any

from _siphon_snapshot import EmbeddedLoader, Snapshot, SourceLoader

SCRIPT_NAME = "siphon_user_script"
OWN_FRAMES = "<siphon>"
FROZEN_FRAMES = "<frozen importlib"


class ModuleName(str):
    """The `__name__` of a generation's module: an ordinary str that also says whose it is.

    Classes take it as their `__module__`, so that what looks a class's module up in `sys.modules` (dataclasses, typing,
    inspect) finds the module of the right generation, see `ModuleKey`.
    """

    __slots__ = ("owner",)
    owner: "Owner"

    def __reduce__(self) -> tuple[type[str], tuple[str]]:
        return (str, (str(self),))


class ModuleKey(str):
    """A generation's key in `sys.modules`: equal to a `ModuleName` of that generation, never to plain text."""

    __slots__ = ("owner",)
    owner: "Owner"

    __hash__ = str.__hash__

    def __eq__(self, other: object) -> bool:
        return self is other or (type(other) is ModuleName and other.owner is self.owner and str.__eq__(self, other))

    def __ne__(self, other: object) -> bool:
        return not self == other


class Owner:
    """The identity of a generation, which names can hold without keeping its modules alive."""

    __slots__ = ()


class ImportlibView(types.ModuleType):
    """`importlib` as a script's module sees it: `import_module` and `reload` know the generation's modules."""

    def __init__(self, modules: "Modules") -> None:
        super().__init__("importlib", importlib.__doc__)
        self.__import__ = modules.builtin_import
        self.import_module = modules.import_module
        self.reload = modules.reload

    def __getattr__(self, name: str) -> Any:
        return getattr(importlib, name)

    def __dir__(self) -> list[str]:
        return dir(importlib)


class Modules:
    """The module table of one generation, and the `__import__` that reads it."""

    def __init__(
        self,
        script_path: str,
        directories: list[str],
        embedded: Mapping[str, str],
        native: Mapping[str, types.ModuleType],
    ) -> None:
        """`embedded`: the source of our own package by module name; `native`: ready modules by name."""
        self.table: dict[str, types.ModuleType] = dict(native)
        self.owner = Owner()
        self.builtins = dict(vars(builtins))
        self.builtins["__import__"] = self.builtin_import
        self._script_path = script_path
        self._snapshot = Snapshot(directories)
        self._embedded = embedded
        self._foreign: set[str] = set()
        self._importlib = ImportlibView(self)
        self._lock = threading.RLock()
        self._keys: dict[str, ModuleKey] = {}
        self._lines: dict[str, list[str]] = {}

    def run_script(self, source: bytes) -> types.ModuleType:
        """Executes the script in a fresh namespace and returns its module."""
        self._snapshot.add(self._script_path, source)
        module = self._new_module(SCRIPT_NAME, self._script_path, None)
        module.__spec__ = None
        module.__package__ = ""
        self._enter(SCRIPT_NAME, module)
        self._execute(module, source, self._script_path)
        return module

    def close(self) -> None:
        """Takes the generation's modules out of what the process shares; what still runs may go on running."""
        for key in self._keys.values():
            sys.modules.pop(key, None)
        for path, lines in self._lines.items():
            entry = linecache.cache.get(path)
            if entry is not None and len(entry) == 4 and entry[2] is lines:
                del linecache.cache[path]
        self._keys.clear()
        self._lines.clear()

    def builtin_import(
        self,
        name: str,
        globals: Mapping[str, Any] | None = None,
        locals: Mapping[str, Any] | None = None,
        fromlist: Sequence[str] | None = (),
        level: int = 0,
    ) -> types.ModuleType:
        """What the `import` statement of a generation's module calls."""
        if level == 0:
            top = name.partition(".")[0]
            if top in self._foreign:
                return builtins.__import__(name, globals, locals, fromlist, 0)
            absolute = name
        else:
            absolute = self._absolute(name, globals, level)
            top = absolute.partition(".")[0]
        if not self._is_own(top):
            if top == "importlib":
                return self._import_importlib(absolute, fromlist)
            return builtins.__import__(absolute, globals, locals, fromlist, 0)
        module = self._import(absolute)
        if not fromlist:
            return self.table[top] if level == 0 else self._base_of_relative(name, absolute)
        if hasattr(module, "__path__"):
            self._import_from_list(module, absolute, fromlist)
        return module

    def import_module(self, name: str, package: str | None = None) -> types.ModuleType:
        """`importlib.import_module` for the generation's modules."""
        if name.startswith("."):
            if not package:
                raise TypeError(f"the 'package' argument is required to perform a relative import for {name!r}")
            name = importlib.util.resolve_name(name, package)
        if self._is_own(name.partition(".")[0]):
            return self._import(str(name))
        if name == "importlib":
            return self._importlib
        return importlib.import_module(name)

    def reload(self, module: types.ModuleType) -> types.ModuleType:
        """`importlib.reload`: a generation's own module is executed again, from the source that it was loaded with."""
        name = str(getattr(module, "__name__", ""))
        if self.table.get(name) is not module:
            return importlib.reload(module)
        path = getattr(module, "__file__", None)
        source = self._snapshot.read(path) if path else None
        if path is None or source is None:
            raise ImportError(f"module {name} cannot be reloaded", name=name)
        self._execute(module, source, path)
        return module

    def describe(self, error: BaseException, frames: types.TracebackType | None) -> tuple[str, str]:
        """An exception and its traceback object as (message, text), without the frames that are ours."""
        self.show_lines()
        report = traceback.TracebackException(type(error), error, frames)
        _drop_own_frames(report, set())
        message = "".join(report.format_exception_only()).rstrip("\n")
        return message, "".join(report.format())

    def show_lines(self) -> None:
        """Makes tracebacks quote the lines of this generation, whatever stands in the files by now."""
        for path, lines in list(self._lines.items()):
            size = sum(map(len, lines))
            linecache.cache[path] = (size, None, lines, path)

    def _is_own(self, top: str) -> bool:
        if top in self.table or top in self._embedded:
            return True
        if top in self._foreign:
            return False
        if self._locate(top, self._snapshot.directories) is not None or self._is_plain_directory(top):
            return True
        if top != "importlib":
            self._foreign.add(top)
        return False

    def _is_plain_directory(self, top: str) -> bool:
        """A directory without __init__.py is a package only where nothing else has the name, as in any Python."""
        if not self._portions(top, self._snapshot.directories):
            return False
        try:
            return top not in sys.modules and importlib.util.find_spec(top) is None
        except (ImportError, ValueError):
            return False

    def _import(self, absolute: str) -> types.ModuleType:
        module = self.table.get(absolute)
        if module is not None and not _is_initialising(module):
            return module
        with self._lock:
            name, *leaves = absolute.split(".")
            module = self._member(name, None)
            for leaf in leaves:
                name = f"{name}.{leaf}"
                module = self._member(name, module)
            return module

    def _member(self, name: str, parent: types.ModuleType | None) -> types.ModuleType:
        module = self.table.get(name)
        if module is None:
            module = self._load(name, parent)
            if parent is not None:
                setattr(parent, name.rpartition(".")[2], module)
        return module

    def _load(self, name: str, parent: types.ModuleType | None) -> types.ModuleType:
        if name in self._embedded:
            return self._load_embedded(name)
        directories = self._snapshot.directories if parent is None else getattr(parent, "__path__", None)
        if directories is None:
            owner = name.rpartition(".")[0]
            raise ModuleNotFoundError(f"No module named {name!r}; {owner!r} is not a package", name=name)
        leaf = name.rpartition(".")[2]
        found = self._locate(leaf, directories)
        if found is None:
            portions = self._portions(leaf, directories)
            if not portions:
                raise ModuleNotFoundError(f"No module named {name!r}", name=name)
            module = self._new_module(name, None, portions)
            self._enter(name, module)
            return module
        path, is_package = found
        if not path.endswith(".py"):
            return self._load_extension(name, path)
        module = self._new_module(name, path, [os.path.dirname(path)] if is_package else None)
        return self._load_source(name, module, self._snapshot.read(path) or b"", path)

    def _load_source(self, name: str, module: types.ModuleType, source: bytes, path: str) -> types.ModuleType:
        self._enter(name, module)
        spec: Any = module.__spec__
        spec._initializing = True
        try:
            self._execute(module, source, path)
        except BaseException:
            self._leave(name)
            raise
        finally:
            spec._initializing = False
        # A module may put something else in its own place: sys.modules[__name__] = ...
        self.table[name] = sys.modules.get(self._keys[name], module)
        return self.table[name]

    def _load_embedded(self, name: str) -> types.ModuleType:
        source = self._embedded[name]
        path = f"{OWN_FRAMES}/{name}"
        is_package = any(other.startswith(name + ".") for other in self._embedded)
        module = self._new_module(name, path, [] if is_package else None, EmbeddedLoader(source))
        return self._load_source(name, module, source.encode(), path)

    def _load_extension(self, name: str, path: str) -> types.ModuleType:
        loader = importlib.machinery.ExtensionFileLoader(name, path)
        spec = importlib.machinery.ModuleSpec(name, loader, origin=path)
        module = importlib.util.module_from_spec(spec)
        self.table[name] = module
        try:
            loader.exec_module(module)
        except BaseException:
            self.table.pop(name, None)
            raise
        return module

    def _locate(self, leaf: str, directories: Sequence[str]) -> tuple[str, bool] | None:
        """The file of a module or package, and whether it is a package; None if there is none."""
        for directory in directories:
            package = os.path.join(directory, leaf, "__init__.py")
            if self._snapshot.read(package) is not None:
                return package, True
            module = os.path.join(directory, leaf + ".py")
            if self._snapshot.read(module) is not None:
                return module, False
            for suffix in importlib.machinery.EXTENSION_SUFFIXES:
                extension = os.path.join(directory, leaf + suffix)
                if os.path.isfile(extension):
                    return extension, False
        return None

    def _portions(self, leaf: str, directories: Sequence[str]) -> list[str]:
        candidates = (os.path.join(directory, leaf) for directory in directories)
        return [
            candidate
            for candidate in candidates
            if any(path.startswith(candidate + os.sep) for path in self._snapshot.paths())
        ]

    def _new_module(
        self, name: str, path: str | None, search: list[str] | None, loader: Any = None
    ) -> types.ModuleType:
        own_name = ModuleName(name)
        own_name.owner = self.owner
        module = types.ModuleType(own_name)
        vars(module)["__builtins__"] = self.builtins
        module.__package__ = name if search is not None else name.rpartition(".")[0]
        if path is not None:
            module.__file__ = path
            loader = loader or SourceLoader(name, path, self._snapshot)
        module.__loader__ = loader
        module.__spec__ = importlib.machinery.ModuleSpec(name, loader, origin=path, is_package=search is not None)
        if search is not None:
            module.__path__ = search
            module.__spec__.submodule_search_locations = search
        return module

    def _enter(self, name: str, module: types.ModuleType) -> None:
        self.table[name] = module
        key = ModuleKey(name)
        key.owner = self.owner
        sys.modules[key] = module
        self._keys[name] = key

    def _leave(self, name: str) -> None:
        self.table.pop(name, None)
        key = self._keys.pop(name, None)
        if key is not None:
            sys.modules.pop(key, None)

    def _execute(self, module: types.ModuleType, source: bytes, path: str) -> None:
        if not path.startswith(OWN_FRAMES):
            try:
                self._lines[path] = importlib.util.decode_source(source).splitlines(keepends=True)
            except (SyntaxError, UnicodeDecodeError):
                pass  # compile() says it better
            else:
                self.show_lines()
        code = compile(source, path, "exec", dont_inherit=True)
        exec(code, module.__dict__)  # noqa: S102

    def _absolute(self, name: str, globals: Mapping[str, Any] | None, level: int) -> str:
        package = (globals or {}).get("__package__")
        if package is None:
            package = str((globals or {}).get("__name__", ""))
            if "__path__" not in (globals or {}):
                package = package.rpartition(".")[0]
        if not package:
            raise ImportError("attempted relative import with no known parent package")
        parts = package.rsplit(".", level - 1)
        if len(parts) < level:
            raise ImportError("attempted relative import beyond top-level package")
        return f"{parts[0]}.{name}" if name else parts[0]

    def _base_of_relative(self, name: str, absolute: str) -> types.ModuleType:
        cut = len(name) - len(name.partition(".")[0])
        return self.table[absolute[: len(absolute) - cut]]

    def _import_importlib(self, absolute: str, fromlist: Sequence[str] | None) -> types.ModuleType:
        module = builtins.__import__(absolute, None, None, fromlist, 0)
        return self._importlib if module is importlib else module

    def _import_from_list(self, module: types.ModuleType, absolute: str, fromlist: Sequence[str]) -> None:
        for item in fromlist:
            if item == "*":
                self._import_from_list(module, absolute, getattr(module, "__all__", ()))
            elif not hasattr(module, item):
                name = f"{absolute}.{item}"
                try:
                    self._import(name)
                except ModuleNotFoundError as error:
                    if error.name != name:
                        raise


def add_virtual_env(home: str) -> bool:
    """Puts the packages of a virtual environment before the system's; False if it is for another version of Python."""
    if os.path.isdir(home) and os.path.samefile(sys.prefix, home):
        return True
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    packages = os.path.join(home, "lib", version, "site-packages")
    if not os.path.isdir(packages):
        return False
    before = list(sys.path)
    site.addsitedir(packages)
    added = [entry for entry in sys.path if entry not in before]
    ends = ("site-packages", "dist-packages")
    place = next((index for index, entry in enumerate(before) if entry.endswith(ends)), len(before))
    sys.path[:] = before[:place] + added + before[place:]
    return True


def _is_initialising(module: types.ModuleType) -> bool:
    return getattr(getattr(module, "__spec__", None), "_initializing", False)


def _drop_own_frames(report: traceback.TracebackException | None, seen: set[int]) -> None:
    """Drops our frames and the import system's from a report and from everything chained to it."""
    if report is None or id(report) in seen:
        return
    seen.add(id(report))
    kept = [frame for frame in report.stack if not frame.filename.startswith((OWN_FRAMES, FROZEN_FRAMES))]
    report.stack = traceback.StackSummary.from_list(kept)
    _drop_own_frames(report.__cause__, seen)
    _drop_own_frames(report.__context__, seen)
    for inner in getattr(report, "exceptions", None) or ():
        _drop_own_frames(inner, seen)

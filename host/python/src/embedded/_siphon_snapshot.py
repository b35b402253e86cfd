"""The Python files of a script as they were at its load, and the loaders that hand them out. It imports nothing."""

import importlib.machinery
import importlib.util
import os
from collections.abc import Collection
from types import CodeType
from typing import Any

# What a snapshot holds at most: a script's directory is usually a handful of files, but may be somebody's home.
MAX_FILES = 4096
MAX_BYTES = 64 << 20
MAX_DIRECTORIES = 2048


class Snapshot:
    """The Python files of a script's directories, read once, so that a late import meets the generation's own text."""

    def __init__(self, directories: list[str]) -> None:
        self.directories = directories
        self._files: dict[str, bytes] = {}
        self._complete = True
        self._bytes = 0
        self._seen: set[str] = set()
        for directory in directories:
            self._walk(directory)

    def read(self, path: str) -> bytes | None:
        """The bytes of the file, or None if there is none."""
        source = self._files.get(path)
        if source is None and not self._complete and path.endswith(".py"):
            try:
                with open(path, "rb") as file:
                    source = file.read()
            except OSError:
                return None
        return source

    def add(self, path: str, source: bytes) -> None:
        """Puts a text in place of the file."""
        self._files[path] = source

    def paths(self) -> Collection[str]:
        """The files held."""
        return self._files.keys()

    def _walk(self, root: str) -> None:
        waiting = [root]
        while waiting:
            directory = waiting.pop()
            real = os.path.realpath(directory)
            if real in self._seen:
                continue
            if len(self._seen) >= MAX_DIRECTORIES:
                self._complete = False
                return
            self._seen.add(real)
            try:
                with os.scandir(directory) as entries:
                    found = list(entries)
            except OSError:
                continue
            if any(entry.name == "pyvenv.cfg" for entry in found):
                continue
            for entry in found:
                if entry.name.endswith(".py"):
                    self._take(entry)
                elif entry.name.isidentifier() and entry.name != "__pycache__" and entry.is_dir():
                    waiting.append(entry.path)

    def _take(self, entry: os.DirEntry[str]) -> None:
        if len(self._files) >= MAX_FILES or self._bytes >= MAX_BYTES:
            self._complete = False
            return
        try:
            with open(entry.path, "rb") as file:
                source = file.read()
        except OSError:
            return
        self._bytes += len(source)
        self._files[entry.path] = source


class SourceLoader(importlib.machinery.SourceFileLoader):
    """The `__loader__` of a script's module: its source as it was when the generation was loaded; no bytecode."""

    def __init__(self, name: str, path: str, snapshot: Snapshot) -> None:
        super().__init__(name, path)
        self._snapshot = snapshot

    def get_source(self, fullname: str) -> str:
        return importlib.util.decode_source(self.get_data(self.path))

    def get_data(self, path: Any) -> bytes:
        source = self._snapshot.read(os.fspath(path))
        return super().get_data(path) if source is None else source

    def get_code(self, fullname: str) -> CodeType:
        return compile(self.get_data(self.path), self.path, "exec", dont_inherit=True)

    def path_stats(self, path: Any) -> Any:
        raise OSError("no bytecode")

    def set_data(self, path: Any, data: Any, **_: Any) -> None:
        pass


class EmbeddedLoader:
    """The `__loader__` of our own package, whose source is part of the program."""

    def __init__(self, source: str) -> None:
        self._source = source

    def get_source(self, fullname: str) -> str:
        return self._source

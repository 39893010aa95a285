"""A place in the file system."""

import ctypes
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar, cast

from whatsapp_flow_keys.stores.file.store import FileStore
from whatsapp_flow_keys.stores.store import Store

NOBODY = 65534
LIMIT = 1024 * 1024
_Answer = TypeVar("_Answer")


class FilePlace:
    """A file in a folder of its own."""

    name = "file"
    limit = LIMIT

    def __init__(self, folder: Path) -> None:
        self._folder = folder / "keys"
        self._folder.mkdir(mode=0o700)
        self._path = self._folder / "ring.json"

    @property
    def url(self) -> str:
        return self._path.as_uri()

    def store(self) -> Store:
        return FileStore(str(self._path))

    def forbidden(self) -> Store:
        """The store for a user who may not enter the folder."""
        return cast("Store", _Outsider(FileStore(str(self._path)), self._folder))

    def at_port(self, port: int) -> Store:
        """A file has no server, so none is down or slow: what comes nearest is a folder that another file took."""
        (self._folder / str(port)).touch()
        return FileStore(str(self._folder / str(port) / "ring.json"))

    def make_empty(self) -> None:
        self._path.touch()

    def put(self, text: str) -> None:
        self._path.write_text(text)

    def content(self) -> str | None:
        return self._path.read_text() if self._path.exists() else None

    def destroy(self) -> None:
        self._path.unlink()


class _Outsider:
    """A store whose calls are made by somebody who may not enter its folder."""

    def __init__(self, store: FileStore, folder: Path) -> None:
        self._store, self._folder = store, folder

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._store, name)
        return self._from_outside(found) if callable(found) else found

    def _from_outside(self, call: Callable[..., Any]) -> Callable[..., Any]:
        def called(*arguments: Any) -> Any:
            self._folder.chmod(0)
            try:
                return as_nobody(lambda: call(*arguments))
            finally:
                self._folder.chmod(0o700)

        return called


def as_nobody(call: Callable[[], _Answer]) -> _Answer:
    """``call`` in a thread of its own, whose files Linux opens as nobody's; other threads of the process stay root's.

    Where the tests run as somebody else, as them.
    """

    def called() -> _Answer:
        if os.geteuid() == 0:
            libc = ctypes.CDLL(None)
            libc.setfsgid(NOBODY)
            libc.setfsuid(NOBODY)  # takes along what lets root pass over rights
        return call()

    with ThreadPoolExecutor(1) as thread:
        return thread.submit(called).result()

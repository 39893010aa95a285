"""A key ring in a file: for an offline backup, or an endpoint on the same machine.

Mode 0600, written beside and renamed over, with a lock that other runs on the machine respect. It never leaves a
half-written document.
"""

import fcntl
import hashlib
import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import unquote, urlsplit

from whatsapp_flow_keys.errors import (
    ForeignDocumentError,
    InputError,
    StoreUnavailableError,
)
from whatsapp_flow_keys.ring import KeyRing
from whatsapp_flow_keys.stores.content import lost_race, ring_in, text_of
from whatsapp_flow_keys.stores.store import Versioned

_LARGEST = 1024 * 1024


class FileStore:
    """The document at an absolute path. Folders that are missing are made, for the owner only."""

    is_ours = True
    recoverable = False

    def __init__(self, path: str, field: str = "store") -> None:
        """Raises :class:`InputError`, which names ``field``, for a path that can't hold a document."""
        if not os.path.isabs(path) or "\0" in path:
            raise InputError(f"{field}: {path[:80]!r} is not an absolute path; write file:///var/lib/flows/ring.json")
        try:
            is_folder = path.endswith("/") or Path(path).is_dir()
        except OSError as error:
            raise InputError(f"{field}: {path[:80]!r} is not a path: {_reason(error)}") from None
        if is_folder:
            raise InputError(f"{field}: {path[:200]} is a folder; name the file in it")
        self._path = Path(os.path.realpath(path))

    @classmethod
    def from_url(cls, url: str, field: str) -> "FileStore":
        """``file:///absolute/path``, also ``file:/…`` and with ``localhost``; blanks and the like percent-encoded."""
        try:
            parts = urlsplit(url)
        except ValueError:
            raise InputError(f"{field}: {url[:80]!r} is not a URL") from None
        if parts.netloc not in ("", "localhost") or parts.query or parts.fragment:
            raise InputError(
                f"{field}: a file store's URL has three slashes and a path: file:///var/lib/flows/ring.json"
            )
        return cls(unquote(parts.path, errors="surrogateescape"), field)

    @staticmethod
    def complete(url: str, _environ: Mapping[str, str]) -> str:
        """``file:ring.json`` counts from the folder that the program runs in, which is the project's."""
        path = url.partition(":")[2].partition("?")[0]
        if path.startswith("/") or path != url.partition(":")[2] or not path or path.endswith("/"):
            return url
        return Path(os.path.abspath(unquote(path))).as_uri()

    @property
    def url(self) -> str:
        """``file:///…``."""
        return self._path.as_uri()

    @property
    def location(self) -> str:
        """The same."""
        return self.url

    @property
    def secret_id(self) -> str:
        """The same."""
        return self.url

    def read(self) -> Versioned:
        """See :class:`Store`. An empty file is no document yet."""
        data = self._bytes()
        try:
            text = data.decode()
        except UnicodeDecodeError:
            raise ForeignDocumentError(
                f"{self.url}: holds {len(data)} bytes that are not text, not a key ring of WhatsApp Flows; it was not "
                f"touched. Give another place"
            ) from None
        return Versioned(ring_in(text, self.url), _version(data))

    def write(self, ring: KeyRing, expected: Versioned) -> Versioned:
        """See :class:`Store`."""
        data = text_of(ring, self.url, _LARGEST).encode()
        try:
            for folder in reversed(self._path.parents):
                folder.mkdir(mode=0o700, exist_ok=True)  # parents=True would leave those above to the umask
            with self._locked():
                if _version(self._bytes()) != expected.version:
                    raise lost_race(self.url)
                self._replace(data)
        except OSError as error:
            raise StoreUnavailableError(
                f"{self.url}: can't be written: {_reason(error)}; what it holds is whole"
            ) from None
        return Versioned(ring, _version(data))

    def settle(self) -> None:
        """A file has no settings."""

    def restore(self) -> None:
        """A deleted file is gone."""

    def delete(self, expected: Versioned) -> str:
        """See :class:`Store`. Not recoverable."""
        try:
            if self._path.exists():
                with self._locked():
                    self._path.unlink(missing_ok=True)
                    self._lock_path.unlink(missing_ok=True)
                    _sync(self._path.parent)
        except OSError as error:
            raise StoreUnavailableError(f"{self.url}: can't be deleted: {_reason(error)}") from None
        return ""

    def _bytes(self) -> bytes:
        try:
            with self._path.open("rb") as file:
                data = file.read(_LARGEST + 1)
        except FileNotFoundError:
            return b""
        except OSError as error:
            raise StoreUnavailableError(f"{self.url}: can't be read: {_reason(error)}") from None
        if len(data) > _LARGEST:
            raise ForeignDocumentError(
                f"{self.url}: holds more than {_LARGEST} bytes, not a key ring of WhatsApp Flows; it was not touched. "
                f"Give another place"
            )
        return data

    @property
    def _lock_path(self) -> Path:
        return self._path.with_name(f".{self._path.name}.lock")

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """Holds the machine-wide lock of this document. A delete takes the lock file along: then it is made anew."""
        while True:
            descriptor = os.open(self._lock_path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX)
                if _is_at(descriptor, self._lock_path):
                    yield
                    return
            finally:
                os.close(descriptor)

    def _replace(self, data: bytes) -> None:
        descriptor, temporary = tempfile.mkstemp(prefix=f".{self._path.name}.", dir=self._path.parent)  # mode 0600
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            os.replace(temporary, self._path)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
        _sync(self._path.parent)


def _version(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _is_at(descriptor: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except FileNotFoundError:
        return False


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _reason(error: OSError) -> str:
    return (error.strerror or type(error).__name__).lower()

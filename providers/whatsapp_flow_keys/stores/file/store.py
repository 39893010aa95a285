"""A key ring in a file: for an offline backup, or an endpoint on the same machine.

Mode 0600 at first, later whatever it was given; written beside and renamed over, with a lock that other runs on the
machine respect. It never leaves a half-written document, and never takes the right to read it from anybody.
"""

import errno
import fcntl
import hashlib
import os
import re
import stat
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from whatsapp_flow_keys.client_library import seconds_per_call
from whatsapp_flow_keys.errors import (
    ForeignDocumentError,
    InputError,
    StorePermissionError,
    StoreUnavailableError,
)
from whatsapp_flow_keys.ring import KeyRing
from whatsapp_flow_keys.stores.content import lost_deletion, lost_race, ring_in, text_of
from whatsapp_flow_keys.stores.file.address import parse_path
from whatsapp_flow_keys.stores.store import Exposure, Versioned

_LARGEST = 1024 * 1024
_TEMPORARY = ".part"
_SECONDS_BETWEEN_TRIES = 0.02
_ACL = "system.posix_acl_access"


class FileStore:
    """The document at an absolute path. Folders that are missing are made, for the owner only."""

    is_ours = True
    is_recorded = False
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
        if _is_everybodys(self._path.parent) and not _is_everybodys(Path(path).parent):
            raise InputError(
                f"{field}: {path[:200]} leads by a symbolic link to {str(self._path)[:200]}, in a folder that every "
                f"user of this machine can write to, so another user could put a document there; nothing was read. "
                f"Give a path in a folder that only its users can write to"
            )

    @classmethod
    def from_url(cls, url: str, field: str) -> "FileStore":
        """``file:///absolute/path``; see :func:`parse_path`."""
        return cls(parse_path(url, field), field)

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
        data, place, exposed = self._held()
        try:
            text = data.decode()
        except UnicodeDecodeError:
            raise ForeignDocumentError(
                self.url,
                f"holds {len(data)} bytes that are not text, not a key ring of WhatsApp Flows; it was not "
                f"touched. Give another place",
            ) from None
        ring = ring_in(text, self.url)
        if ring is None:
            return Versioned(None, _version(data))
        return Versioned(ring, _version(data), place=place, exposed=exposed)

    def write(self, ring: KeyRing, expected: Versioned) -> Versioned:
        """See :class:`Store`."""
        data = text_of(ring, self.url, _LARGEST).encode()
        try:
            for folder in reversed(self._path.parents):
                folder.mkdir(mode=0o700, exist_ok=True)  # parents=True would leave those above to the umask
            with self._locked():
                self._remove_leftovers()
                if _version(self._held()[0]) != expected.version:
                    raise lost_race(self.url)
                place = self._replace(data)
        except OSError as error:
            raise StoreUnavailableError(
                self.url, f"can't be written: {_reason(error)}. Its previous content is intact"
            ) from None
        return Versioned(ring, _version(data), place=place)

    def settle(self) -> None:
        """A file has no settings."""

    def restore(self) -> None:
        """A deleted file is gone."""

    def delete(self, expected: Versioned) -> str:
        """See :class:`Store`. Not recoverable."""
        try:
            if self._path.exists() or self._leftovers():
                with self._locked():
                    self._remove_leftovers()
                    self._unlink(expected)
                    self._lock_path.unlink(missing_ok=True)
                    _sync(self._path.parent)
        except OSError as error:
            raise StoreUnavailableError(self.url, f"can't be deleted: {_reason(error)}") from None
        return ""

    def _unlink(self, expected: Versioned) -> None:
        data, *_ = self._held()
        if not data.strip():  # a file that somebody made for the document is theirs
            return
        if _version(data) != expected.version:
            raise lost_deletion(self.url)
        self._path.unlink()

    def _held(self) -> tuple[bytes, str, Exposure | None]:
        """The file's bytes, which file it is, whatever its path, and who else can read it; no bytes without a file."""
        try:
            with self._open() as file:
                data, place = file.read(_LARGEST + 1), _place(file.fileno())
                exposed = self._exposed(os.fstat(file.fileno()).st_mode)
        except FileNotFoundError:
            return b"", "", None
        except OSError as error:
            raise StoreUnavailableError(self.url, f"can't be read: {_reason(error)}") from None
        if len(data) > _LARGEST:
            raise ForeignDocumentError(
                self.url,
                f"holds more than {_LARGEST} bytes, not a key ring of WhatsApp Flows; it was not touched. "
                f"Give another place",
            )
        return data, place, exposed

    def _exposed(self, mode: int) -> Exposure | None:
        if not mode & stat.S_IROTH:
            return None
        found = f"every user of this machine can read its private keys (mode {stat.S_IMODE(mode):04o})"
        return Exposure(found, f"run `chmod o-r {self._path}`, and rotate if somebody may have read them")

    def _open(self) -> BinaryIO:
        """The file. All else is refused: a pipe would be waited for until somebody writes into it."""
        descriptor = os.open(self._path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        kind = os.fstat(descriptor).st_mode
        if stat.S_ISREG(kind):
            return os.fdopen(descriptor, "rb")
        os.close(descriptor)
        if stat.S_ISDIR(kind):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        raise ForeignDocumentError(self.url, "is no regular file; it was not touched. Give another place")

    @property
    def _lock_path(self) -> Path:
        return self._path.with_name(f".{self._path.name}.lock")

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """Holds the machine-wide lock of this document. A deletion removes the lock file, so whoever waited for it
        holds the lock of a file that is gone, and takes that of the new one."""
        while True:
            descriptor = os.open(self._lock_path, os.O_RDWR | os.O_CREAT, 0o600)
            try:
                self._lock(descriptor)
                if _is_at(descriptor, self._lock_path):
                    yield
                    return
            finally:
                os.close(descriptor)

    def _lock(self, descriptor: int) -> None:
        """Waits while another process has it. Raises :class:`StoreUnavailableError` once a call may take no longer."""
        seconds = seconds_per_call()
        until = time.monotonic() + seconds
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return
            except BlockingIOError:
                if time.monotonic() >= until:
                    raise StoreUnavailableError(
                        self.url,
                        f"another process has held its lock for {seconds:g} s; nothing was changed. Run again once "
                        f"that one has ended; `fuser {self._lock_path}` names it",
                    ) from None
                time.sleep(_SECONDS_BETWEEN_TRIES)

    def _replace(self, data: bytes) -> str:
        descriptor, temporary = tempfile.mkstemp(_TEMPORARY, f".{self._path.name}.", self._path.parent)  # mode 0600
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(data)
                file.flush()
                self._keep_rights(file.fileno())
                os.fsync(file.fileno())
                place = _place(file.fileno())
            os.replace(temporary, self._path)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
        try:
            _sync(self._path.parent)
        except OSError as error:
            raise StoreUnavailableError(
                self.url,
                f"was written, but its folder was not: {_reason(error)}. A loss of power may bring the "
                f"previous content back; run again",
            ) from None
        return place

    def _keep_rights(self, new: int) -> None:
        """Gives the file behind ``new`` the group, the owner and the rights of the one that it will replace.

        An empty file that everybody could read was made so by an umask, not by a person, and is closed to others.
        Raises :class:`StorePermissionError` where somebody would lose the right to read the document.
        """
        try:
            old, acl = self._path.stat(), _acl(self._path)
        except FileNotFoundError:
            return
        mode = old.st_mode & (0o777 if old.st_size else 0o770)
        made = os.fstat(new)
        if old.st_gid != made.st_gid and not _given(new, -1, old.st_gid) and mode & 0o070:
            raise self._would_lock_out(f"group {old.st_gid}", "make this user a member of the group")
        if old.st_uid not in (made.st_uid, 0) and not _given(new, old.st_uid, -1):
            raise self._would_lock_out(
                f"user {old.st_uid}", "make this user the owner, and let others read it by its group"
            )
        if acl:
            os.setxattr(new, _ACL, acl)
        elif _acl(new):  # the folder gave it one, for new files
            os.removexattr(new, _ACL)
        if os.fstat(new).st_mode & 0o777 != mode:  # some file systems have one mode for all, and take no other
            os.fchmod(new, mode)

    def _would_lock_out(self, whom: str, way_on: str) -> StorePermissionError:
        return StorePermissionError(
            self.url,
            f"belongs to {whom}, to whom this user can't give a new file, so they could no longer read it; "
            f"nothing was written. For this file, {way_on}; then run again",
        )

    def _leftovers(self) -> list[Path]:
        """What a killed write left beside the document: private keys under a name that only a write gives."""
        ours = re.compile(rf"\.{re.escape(self._path.name)}\.[a-z0-9_]{{8}}{re.escape(_TEMPORARY)}")
        try:
            names = os.listdir(self._path.parent)
        except (FileNotFoundError, NotADirectoryError, PermissionError):  # nothing is there, or it can't be seen
            return []
        return [self._path.with_name(name) for name in names if ours.fullmatch(name)]

    def _remove_leftovers(self) -> None:
        """Under the lock, so that none of them belongs to a write that is under way."""
        for leftover in self._leftovers():
            leftover.unlink(missing_ok=True)


def _version(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _is_everybodys(folder: Path) -> bool:
    """Whether every user can put a file there, as in /tmp; not where there is no such folder yet."""
    try:
        return bool(folder.lstat().st_mode & stat.S_IWOTH) and not folder.is_symlink()
    except OSError:
        return False


def _place(descriptor: int) -> str:
    found = os.fstat(descriptor)
    return f"device {found.st_dev}, inode {found.st_ino}"


def _given(descriptor: int, owner: int, group: int) -> bool:
    """Whether this process may give the file away; -1 keeps the one or the other."""
    try:
        os.fchown(descriptor, owner, group)
    except PermissionError:
        return False
    return True


def _acl(file: Path | int) -> bytes:
    """A file's access control list, whose mask stands in the mode's place for the group; empty where it has none."""
    if not hasattr(os, "getxattr"):
        return b""
    try:
        return os.getxattr(file, _ACL)
    except OSError:  # none, or a file system that has none
        return b""


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

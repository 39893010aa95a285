"""A key ring as the fields of a secret in HashiCorp Vault or OpenBao, in a mount of KV version 2.

What it never does is write without ``cas``, the version that was read (KV version 2's check-and-set), delete another
version than the one that was read, send the token in the clear or after a redirect, or keep a document of another tool
restored or deleted.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from whatsapp_flow_keys.errors import ForeignDocumentError, StoreConflictError
from whatsapp_flow_keys.extras import require_extra
from whatsapp_flow_keys.ring import KeyRing
from whatsapp_flow_keys.stores.content import lost_deletion, lost_race, ring_in, text_of
from whatsapp_flow_keys.stores.store import Versioned
from whatsapp_flow_keys.stores.vault.address import parse_path
from whatsapp_flow_keys.stores.vault.engine import KV_VERSION_2
from whatsapp_flow_keys.vault_server.client import VaultCalls
from whatsapp_flow_keys.vault_server.refusals import body_of, errors_in

_LARGEST = 512 * 1024
"""Bytes of a document: the integrated storage refuses an entry of more than 1 MiB, and stores some more than ours."""


class VaultStore:
    """The document's JSON object is the secret's fields, so that a consumer can take ``private_keys`` alone."""

    is_ours = True
    is_recorded = False
    recoverable = True

    def __init__(self, url: str, field: str = "store") -> None:
        """``hashivault://HOST[:PORT]/PATH?mount=MOUNT&namespace=NAMESPACE``; on loopback also ``tls=off``.

        Talks to nobody. Raises :class:`InputError`, which names ``field``, and :class:`MissingExtraError`."""
        self._path = parse_path(url, field)
        require_extra("vault", "hvac", field=field)
        self._calls = VaultCalls(self._path, KV_VERSION_2)

    @property
    def url(self) -> str:
        """The server, the mount, the namespace and the path, which are the identity of the place."""
        return self._path.url

    @property
    def location(self) -> str:
        """The same: it is all that a later call needs."""
        return self.url

    @property
    def secret_id(self) -> str:
        """``MOUNT/data/PATH``: the path in the API, which policies name."""
        return self._path.data

    def read(self) -> Versioned:
        """See :class:`Store`. A secret without fields is no document yet."""
        found = self._latest()
        ring = self._ring(found)
        return Versioned(ring, str(found.version), found.deleted, found.place if ring or found.deleted else "")

    def write(self, ring: KeyRing, expected: Versioned) -> Versioned:
        """See :class:`Store`. A write whose answer got lost is made again: the server refuses the second, and what is
        there by then is what we wanted.

        A deletion makes no version, so ``cas`` lets a write over it pass: it is looked for before and after.
        """
        fields = json.loads(text_of(ring, self.url, _LARGEST))
        if expected.ring is not None and self._is_gone(expected.version):
            raise StoreConflictError(self.url, "somebody deleted it meanwhile; nothing was written. Run again")
        written = self._written(ring, fields, expected)
        if expected.ring is not None and self._is_gone(expected.version):
            raise StoreConflictError(
                self.url, "somebody deleted it while it was being written, and it is there again. Run again"
            )
        return written

    def _written(self, ring: KeyRing, fields: dict[str, Any], expected: Versioned) -> Versioned:
        answer = self._calls.ask(
            "create and update",
            lambda client: client.secrets.kv.v2.create_or_update_secret(
                self._path.path, fields, cas=int(expected.version), mount_point=self._path.mount
            ),
        )
        metadata = body_of(answer, "data")
        version = metadata.get("version")
        if answer.status_code == 200 and isinstance(version, int):
            return Versioned(ring, str(version), place=_place(metadata))
        if answer.status_code == 400:
            found = self._latest()
            if found.fields == fields:
                return Versioned(ring, str(found.version), place=found.place)
            if str(found.version) != expected.version:
                raise lost_race(self.url)
        raise self._calls.refusal(answer)

    def settle(self) -> None:
        """The URL has no settings beside the place."""

    def restore(self) -> None:
        """See :class:`Store`. Whose document it is shows only when it is back: another tool's is deleted again."""
        found = self._latest()
        if not found.deleted:
            return
        answer = self._calls.ask(
            "update",
            lambda client: client.secrets.kv.v2.undelete_secret_versions(
                self._path.path, [found.version], mount_point=self._path.mount
            ),
            part="undelete",
        )
        if not answer.ok:
            raise self._calls.refusal(answer)
        back = self._latest()
        try:
            self._ring(back)
        except ForeignDocumentError:
            if back.version == found.version:
                self._delete(found.version)
            raise

    def delete(self, expected: Versioned) -> str:
        """See :class:`Store`. The version that was read, and no other: it is soft-deleted, and those before it stay."""
        found = self._latest()
        if not found.fields:
            return ""
        if str(found.version) != expected.version:
            raise lost_deletion(self.url)
        self._delete(found.version)
        if self._latest().fields:  # written between the look and the deletion
            raise lost_deletion(self.url)
        return (
            f"{self.url}: is soft-deleted; the next `pulumi up` brings it back, or `bao kv undelete` (`vault kv "
            f"undelete`) of its latest version"
        )

    def _latest(self) -> "_Found":
        found = self._found(None)
        if found.version == 0:
            self._check_mount()
        return found

    def _is_gone(self, version: str) -> bool:
        """Whether a version that was there is deleted by now. One that ``max_versions`` dropped was not deleted."""
        found = self._found(int(version))
        return found.version != 0 and found.fields is None

    def _found(self, version: int | None) -> "_Found":
        answer = self._calls.ask(
            "read",
            lambda client: client.secrets.kv.v2.read_secret_version(
                self._path.path, version, mount_point=self._path.mount, raise_on_deleted_version=True
            ),
        )
        if answer.status_code == 404 and errors_in(answer) == []:
            return _Found(None, 0, deleted=False, place="")
        data = body_of(answer, "data")
        metadata = body_of(answer, "data", "metadata")
        if answer.status_code not in (200, 404) or "version" not in metadata or "data" not in data:
            raise self._calls.refusal(answer)
        fields = data["data"]
        deleted = fields is None and bool(metadata.get("deletion_time")) and not metadata.get("destroyed")
        return _Found(fields, metadata["version"], deleted, _place(metadata))

    def _ring(self, found: "_Found") -> KeyRing | None:
        return ring_in(json.dumps(found.fields) if found.fields else "", self.url)

    def _delete(self, version: int) -> None:
        answer = self._calls.ask(
            "update",
            lambda client: client.secrets.kv.v2.delete_secret_versions(
                self._path.path, [version], mount_point=self._path.mount
            ),
            part="delete",
        )
        if not answer.ok:
            raise self._calls.refusal(answer)

    def _check_mount(self) -> None:
        """Nothing at a path looks the same in both versions of KV, and version 1 would take a write without a check.

        The command lines ask here, too; it is open to everybody with any right in the mount.
        """
        path = quote(f"{self._path.mount}/{self._path.path}")
        answer = self._calls.ask(None, lambda client: client.adapter.get(f"/v1/sys/internal/ui/mounts/{path}"))
        options = body_of(answer, "data", "options")
        if answer.status_code == 200 and options.get("version") != "2":
            raise self._calls.another_engine()


@dataclass(frozen=True, repr=False)
class _Found:
    """A version of a secret; ``fields`` is None where it is deleted, destroyed, or there is none (0)."""

    fields: dict[str, Any] | None
    version: int
    deleted: bool
    place: str


def _place(metadata: Mapping[str, Any]) -> str:
    """The server's own clock, to the nanosecond, and the version: no two servers or mounts have the same."""
    created = metadata.get("created_time")
    return f"version {metadata['version']}, created {created}" if created else ""

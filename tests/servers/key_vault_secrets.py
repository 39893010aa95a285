"""What the secrets of our own fake of Azure Key Vault do, and where it is written that the service does so.

Nothing here was compared with the service. Each behaviour has a test in `tests/contract/stores/azure/test_fake.py`.

- One write of a secret at a time: of two that overlap one is refused, 409 Conflict without an inner code. The service's
  team in Azure/azure-sdk-for-net#51761 (2025-08-15); "multiple operations on same item" in Microsoft's list of error
  codes (MicrosoftDocs/azure-docs#77545). Which of the two isn't said: here the one that begins second, or the one that
  ends second, as a test wants.
- Deleting and recovering take time, in which the secret is neither here nor among the deleted (404 and 404) and a
  write is 409 with ObjectIsBeingDeleted or ObjectIsBeingRecovered: the official client's polling, and
  hashicorp/terraform-provider-azurerm#12285 and #10454. A recording of Azure/azure-sdk-for-js (2021-04-28, "can wait
  until a secret is recovered") shows a deletion of more than 70 seconds.
- The answer to a deletion names the version that was the newest: the same recording.
- A write over a deleted secret is 409 with ObjectIsDeletedButRecoverable: external-secrets/external-secrets#3519.
- After the recovery a write may still be 409 ObjectIsBeingRecovered: Azure/azure-sdk-for-net#31581. A test injects it.
- Names are compared without case: learn.microsoft.com/azure/key-vault/general/about-keys-secrets-certificates. Whether
  an identifier then has the name of the first write or of the request is written nowhere; here it is as a test wants.
- A value has 25k bytes at most; 15 tags, of 512 characters in the name and 256 in the value:
  learn.microsoft.com/azure/key-vault/secrets/about-secrets.
- After a fail-over reads come from a copy that is written later, so they may lag:
  learn.microsoft.com/azure/reliability/reliability-key-vault. How far, and whether a list may lack a version and show
  a newer one, is written nowhere. Here an old list is a list of an earlier moment.
- A list of versions comes in pages of 25, in the order of the ids: the REST documentation of Get Secret Versions.
"""

import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_LARGEST = 25_000
_MOST_TAGS, _LONGEST_TAG_NAME, _LONGEST_TAG_VALUE = 15, 512, 256
_RETENTION = 90 * 24 * 3600

Json = dict[str, Any]


class Refused(Exception):
    """An answer of the vault that is an error."""

    def __init__(self, status: int, code: str, inner: str = "", said: str = "refused") -> None:
        error: Json = {"code": code, "message": said}
        if inner:
            error["innererror"] = {"code": inner}
        self.status, self.body = status, {"error": error}


_BUSY = Refused(409, "Conflict", said="multiple operations on same item")


@dataclass
class Lag:
    """The next ``times`` answers of a kind ("list", or "get" for the newest version) are so many versions old."""

    kind: str
    times: int = 1
    versions: int = 1


@dataclass
class _UnderWay:
    """A deletion or a recovery that more looks must pass by before it is through."""

    code: str
    looks: int


class Secrets:
    """The secrets of one vault. Not safe for threads."""

    def __init__(self, *, page: int, soft_delete: bool) -> None:
        self.vault = ""
        """Begins each identifier."""
        self.soft_delete = soft_delete
        self.slowly = 0
        """How many looks at a secret find nothing until its deletion, or its recovery, is through."""
        self.one_at_a_time = True
        """Whether of two writes of a secret that overlap one is refused."""
        self.refuses_at_the_end = False
        """Whether that is the one that ends second, or the one that begins second."""
        self.names_as_asked = False
        """Whether an identifier has the name as the request spells it, or as the first write did."""
        self.lags: list[Lag] = []
        self._page = page
        self._names: dict[str, str] = {}
        self._held: dict[str, list[Json]] = {}
        self._deleted: dict[str, tuple[list[Json], int]] = {}
        self._moving: dict[str, _UnderWay] = {}
        self._written: list[str] = []
        self._ended: list[str] = []

    def held(self, name: str) -> list[Json]:
        """The versions, oldest first; none of a secret that is deleted."""
        return self._held.get(name.lower(), [])

    def is_deleted(self, name: str) -> bool:
        return name.lower() in self._deleted

    def purge(self, name: str) -> None:
        for kept in (self._held, self._deleted, self._moving):
            kept.pop(name.lower(), None)

    def begin(self, name: str) -> int:
        """A write begins. Returns how many had ended before."""
        if self.one_at_a_time and not self.refuses_at_the_end and name.lower() in self._written:
            raise _BUSY
        self._written.append(name.lower())
        return self._ended.count(name.lower())

    def refuse_if_another_ended(self, name: str, ended: int) -> None:
        if self.one_at_a_time and self._ended.count(name.lower()) > ended:
            raise _BUSY
        self._ended.append(name.lower())

    def end(self, name: str) -> None:
        self._written.remove(name.lower())

    def put(self, name: str, body: Json) -> Json:
        _check(body["value"], body.get("tags") or {})
        self._refuse_while_moving(name)
        if self.is_deleted(name):
            raise Refused(409, "Conflict", "ObjectIsDeletedButRecoverable")
        now = int(time.time())
        level = "Recoverable+Purgeable" if self.soft_delete else "Purgeable"
        spelling = self._names.setdefault(name.lower(), name)
        bundle = {
            "value": body["value"],
            "id": f"{self.vault}/secrets/{spelling}/{uuid.uuid4().hex}",
            "contentType": body.get("contentType"),
            "tags": body.get("tags") or {},
            "attributes": {"enabled": True, "created": now, "updated": now, "recoveryLevel": level},
        }
        self._held.setdefault(name.lower(), []).append(bundle)
        return self._named(bundle, name)

    def get(self, name: str, version: str = "") -> Json:
        self._look(name)
        bundle = self._version(name, version, known=self._known(name, "get") if not version else None)
        if not bundle["attributes"]["enabled"]:
            raise Refused(403, "Forbidden", "SecretDisabled")
        return self._named(bundle, name)

    def patch(self, name: str, body: Json, version: str = "") -> Json:
        bundle = self._version(name, version)
        _check("", body.get("tags") or {})
        if body.get("tags") is not None:
            bundle["tags"] = body["tags"]
        bundle["attributes"]["updated"] = int(time.time())
        return _without_value(bundle)

    def page_of(self, name: str, query: Mapping[str, list[str]]) -> Json:
        """A name that isn't there has no versions."""
        known = [] if name.lower() in self._moving else self.held(name)
        items = sorted(map(_without_value, known[: self._known(name, "list")]), key=lambda item: str(item["id"]))
        start = int(query.get("$skiptoken", ["0"])[0])
        end = start + self._page
        more = f"{self.vault}/secrets/{name}/versions?api-version=x&$skiptoken={end}"
        return {"value": items[start:end], "nextLink": more if end < len(items) else None}

    def delete(self, name: str) -> Json:
        self._refuse_while_moving(name)
        self._version(name)
        versions = self._held.pop(name.lower())
        if not self.soft_delete:
            return _without_value(versions[-1])
        self._deleted[name.lower()] = versions, int(time.time())
        self._move(name, "ObjectIsBeingDeleted")
        return self._deleted_bundle(name)

    def get_deleted(self, name: str) -> Json:
        self._look(name)
        return self._deleted_bundle(name)

    def recover(self, name: str) -> Json:
        self._refuse_while_moving(name)
        self._deleted_bundle(name)
        self._held[name.lower()], _ = self._deleted.pop(name.lower())
        self._move(name, "ObjectIsBeingRecovered")
        return _without_value(self.held(name)[-1])

    def _named(self, bundle: Json, name: str) -> Json:
        if not self.names_as_asked:
            return bundle
        return bundle | {"id": f"{self.vault}/secrets/{name}/{bundle['id'].rpartition('/')[2]}"}

    def _move(self, name: str, code: str) -> None:
        if self.slowly:
            self._moving[name.lower()] = _UnderWay(code, self.slowly)

    def _look(self, name: str) -> None:
        """Finds nothing while the secret is on its way."""
        moving = self._moving.get(name.lower())
        if moving is None:
            return
        if moving.looks == 0:
            del self._moving[name.lower()]
            return
        moving.looks -= 1
        raise Refused(404, "SecretNotFound")

    def _refuse_while_moving(self, name: str) -> None:
        moving = self._moving.get(name.lower())
        if moving is not None and moving.looks == 0:
            del self._moving[name.lower()]
        elif moving is not None:
            raise Refused(409, "Conflict", moving.code)

    def _version(self, name: str, version: str = "", *, known: int | None = None) -> Json:
        for bundle in reversed(self.held(name)[:known]):
            if not version or bundle["id"].endswith(f"/{version}"):
                return bundle
        raise Refused(404, "SecretNotFound")

    def _known(self, name: str, kind: str) -> int:
        """How many versions the next answer of this kind knows."""
        for lag in self.lags:
            if lag.kind == kind and lag.times > 0:
                lag.times -= 1
                return max(0, len(self.held(name)) - lag.versions)
        return len(self.held(name))

    def _deleted_bundle(self, name: str) -> Json:
        if not self.is_deleted(name):
            raise Refused(404, "SecretNotFound")
        versions, at = self._deleted[name.lower()]
        recovery = f"{self.vault}/deletedsecrets/{self._names[name.lower()]}"
        dates = {"deletedDate": at, "scheduledPurgeDate": at + _RETENTION, "recoveryId": recovery}
        return _without_value(versions[-1]) | dates


def _check(value: str, tags: Mapping[str, str]) -> None:
    if len(value.encode()) > _LARGEST:
        raise Refused(400, "BadParameter", said=f"too large: {value}")
    if len(tags) > _MOST_TAGS:
        raise Refused(400, "BadParameter", said="too many tags")
    if any(len(name) > _LONGEST_TAG_NAME or len(text) > _LONGEST_TAG_VALUE for name, text in tags.items()):
        raise Refused(400, "BadParameter", said="a tag is too long")


def _without_value(bundle: Json) -> Json:
    return {name: value for name, value in bundle.items() if name != "value"}

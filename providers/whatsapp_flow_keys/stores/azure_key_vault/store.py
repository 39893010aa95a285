"""A key ring as a secret of Azure Key Vault: what it never does is overwrite a version that it doesn't know.

Key Vault has no compare-and-set: a write always succeeds and adds a version, which is the newest. So each version that
is written here names, in a tag, the versions that it was written over. One that nothing was written over, and that
isn't the newest, came from a run that wrote at the same moment: its keys are joined to the newest ring by whoever sees
it first, which is its writer or the other one, whichever looks last; where both were killed, the next reader.
"""

import hashlib
import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from whatsapp_flow_keys.errors import (
    ForeignDocumentError,
    InputError,
    RingTooLargeError,
    StoreConflictError,
    StorePermissionError,
    StoreUnavailableError,
)
from whatsapp_flow_keys.loopback import is_loopback
from whatsapp_flow_keys.ring import KeyRing
from whatsapp_flow_keys.stores.address import TAG, Address, parse_address
from whatsapp_flow_keys.stores.azure_key_vault.client import SecretCalls
from whatsapp_flow_keys.stores.azure_key_vault.versions import (
    AFTER,
    OURS,
    Found,
    Written,
    loose_versions,
    tags_of,
    version_of,
)
from whatsapp_flow_keys.stores.client_library import require_extra
from whatsapp_flow_keys.stores.content import lost_race, ring_in, text_of
from whatsapp_flow_keys.stores.store import Versioned

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential
    from azure.keyvault.secrets import KeyVaultSecret, SecretProperties

_EXAMPLE = "azurekeyvault://my-vault.vault.azure.net/support-line?tag.team=payments"

_LARGEST = 25_000
"""Bytes of a value: Key Vault's documentation says 25k."""

_MANAGED_BY = f"{OURS}managed-by"
_MANAGER = "whatsapp-flow-encryption"
_NONE = "none"
"""What a first version was written over."""

# Key Vault's limits: https://learn.microsoft.com/azure/key-vault/secrets/about-secrets
_MOST_TAGS, _LONGEST_TAG_NAME, _LONGEST_TAG_VALUE = 15, 512, 256

_ROUNDS = 5
"""How often a ring is joined with what others write meanwhile before the conflict is reported anyway."""


class AzureKeyVaultStore:
    """The document in the newest version of one secret."""

    def __init__(self, url: str, field: str = "store", *, credential: "TokenCredential | None" = None) -> None:
        """Talks to nobody. ``credential``: another one than the ecosystem's default chain.

        Raises :class:`InputError`, which names ``field``, and :class:`MissingExtraError`.
        """
        address = parse_address(url, field, settings=("existing", TAG), example=_EXAMPLE)
        self._address = replace(address, host=address.host.lower().removesuffix(":443"))
        self._existing = "existing" in address.settings
        _check(self._address, field)
        require_extra("azure", "azure.keyvault.secrets", "azure.identity", field=field)
        self._calls = SecretCalls(self.url, self._address.host, self._address.path, credential)

    @classmethod
    def from_url(cls, url: str, field: str) -> "AzureKeyVaultStore":
        """``azurekeyvault://VAULT-HOST/NAME?tag.team=payments``; ``…?existing=true`` is a platform team's secret."""
        return cls(url, field)

    @staticmethod
    def complete(url: str, _environ: Mapping[str, str]) -> str:
        """Unchanged: no variable of the environment names a vault by convention."""
        return url

    @property
    def url(self) -> str:
        """``azurekeyvault://VAULT-HOST/NAME`` in lower case, as Key Vault compares names."""
        return str(replace(self._address, settings={})).lower()

    @property
    def location(self) -> str:
        """The URL with its settings."""
        return str(self._address)

    @property
    def secret_id(self) -> str:
        """The secret's identifier without a version, which is the newest one's."""
        return f"https://{self._address.host}/secrets/{self._address.path}"

    @property
    def is_ours(self) -> bool:
        """See :class:`Store`."""
        return not self._existing

    @property
    def recoverable(self) -> bool:
        """See :class:`Store`. What is a platform team's is never deleted."""
        newest = None if self._existing else self._calls.get()
        level = newest.properties.recovery_level if newest else None
        return not level or "Recoverable" in level

    def read(self) -> Versioned:
        """See :class:`Store`. Keys of a version that lost a race are in the ring, too.

        Somebody who may not list the versions gets the newest one as it is.
        """
        found = self._look()
        if found is not None:
            return Versioned(found.ring, found.version)
        deleted = self._calls.deleted() is not None
        return Versioned(None, "deleted" if deleted else "", deleted)

    def write(self, ring: KeyRing, expected: Versioned) -> Versioned:
        """See :class:`Store`.

        Of several who write at one moment at most one returns (unless they write the same text), and then the newest
        version holds the keys of all once all have returned or raised :class:`StoreConflictError`.
        """
        text = text_of(ring, self.url, _LARGEST)
        before = frozenset(version.version or "" for version in self._calls.versions())
        newest = self._calls.get()
        if version_of(newest) != expected.version.partition(" ")[0]:
            raise lost_race(self.url)
        if newest is None and self._existing:
            raise StoreUnavailableError(f"{self.url}: there is no such secret; the platform team must make it first")
        mine = self._put(text, over=newest, after=expected.version)
        return self._settled(Written(ring, text, mine, before))

    def settle(self) -> None:
        """See :class:`Store`. Tags that others put there stay; nothing is touched on a platform team's secret."""
        newest = None if self._existing else self._calls.get()
        if newest is None:
            return
        tags = self._tagged(newest, after=tags_of(newest.properties).get(AFTER))
        if tags != tags_of(newest.properties):
            self._calls.set_tags(version_of(newest), tags)

    def restore(self) -> None:
        """See :class:`Store`. A secret is ours if we tagged it."""
        deleted = self._calls.deleted()
        if deleted is None:
            return
        if self._existing:
            raise StoreUnavailableError(f"{self.url}: was deleted; the platform team, whose it is, must recover it")
        if _MANAGED_BY not in tags_of(deleted.properties):
            raise ForeignDocumentError(
                f"{self.url}: a deleted secret of another tool has this name; it was not recovered. Give another name, "
                f"or purge it if you are sure that nobody needs it"
            )
        self._calls.recover()

    def delete(self, expected: Versioned) -> str:
        """See :class:`Store`. Softly, wherever the vault does."""
        if self._existing:
            return f"{self.url}: stays with the keys in it, since it was given by secret_id=; it is the platform team's"
        deleted = self._calls.delete()
        if deleted is None or deleted.scheduled_purge_date is None:
            return ""
        until = deleted.scheduled_purge_date.strftime("%Y-%m-%d %H:%M UTC")
        return f"{self.url}: is deleted, and can be recovered until {until}; the next `pulumi up` recovers it"

    def _settled(self, write: Written) -> Versioned:
        """The write as it stands beside what others wrote meanwhile; joins their keys, then raises the conflict."""
        raced = False
        for _ in range(_ROUNDS):
            found = self._found_after(write)
            raced = raced or bool(found.rivals(write))
            if found.is_whole:
                break
            raced = True
            assert found.ring is not None  # or it would be whole
            joined = replace(found.ring, revision=found.ring.revision + 1)
            try:
                text = text_of(joined, self.url, _LARGEST)
            except RingTooLargeError:
                break  # the next read joins them again, and the next write says that it is too much
            self._put(text, over=found.newest, after=found.version)
        if raced:
            raise _two_at_once(self.url, found.strangers)
        return Versioned(write.ring, found.version if found.newest.value == write.text else write.version)

    def _found_after(self, write: Written) -> Found:
        with suppress(ForeignDocumentError):
            found = self._look(write)
            if found is not None and found.ring is not None:
                return found
        raise StoreConflictError(
            f"{self.url}: somebody else deleted the key ring, or wrote something else over it, right after this run "
            f"wrote version {write.version}, which is in the secret's history. Nothing was overwritten by this run. "
            f"Let nobody else write this secret, and run again"
        )

    def _look(self, write: Written | None = None) -> Found | None:
        """What the secret holds now, after ``write`` if it is one of ours that has just been made.

        Of two who write at one moment at least one sees the other's version, since both look after they wrote. The list
        comes first, so that what is written over the newest version meanwhile isn't taken for loose.
        """
        versions: Sequence[SecretProperties] = ()
        with suppress(*(() if write else (StorePermissionError,))):
            versions = self._calls.versions()
        newest = self._calls.get()
        if newest is None:
            return None
        ring = write.ring if write and newest.value == write.text else ring_in(newest.value or "", self.url)
        found = Found(newest, ring, tuple(versions))
        loose = loose_versions(versions, newest.properties, write.before if write else None)
        # What a person wrote by hand, without our tag, holds as it is; but not beside a write of ours.
        if write is None and AFTER not in tags_of(newest.properties):
            return replace(found, loose=loose)
        for version in loose:
            secret = self._calls.get(version.version)
            if secret is not None:
                found = found.joined_with(secret, self.url)
        return found

    def _put(self, text: str, *, over: "KeyVaultSecret | None", after: str) -> str:
        """Writes a version and returns its id."""
        return version_of(self._calls.set(text, self._tagged(over, after)))

    def _tagged(self, over: "KeyVaultSecret | None", after: str | None) -> dict[str, str]:
        """The URL's tags, ours, and those that others put on what is there.

        Which ones the URL named at the last write is recorded by a mark of each name in the value of our own tag.
        """
        held = tags_of(over.properties) if over else {}
        marks = held.get(_MANAGED_BY, "").split()[1:]
        tags = {name: held[name] for name in held if not name.startswith(OURS) and _mark(name) not in marks}
        tags |= self._address.tags
        if not self._existing:
            tags[_MANAGED_BY] = " ".join([_MANAGER, *map(_mark, sorted(self._address.tags))])
        if after is not None:
            tags[AFTER] = after or _NONE
        if len(tags) > _MOST_TAGS:
            raise StoreUnavailableError(
                f"{self.url}: would have {len(tags)} tags with those that others put there, and Key Vault takes "
                f"{_MOST_TAGS}; nothing was written. Remove some of them"
            )
        return tags


def _mark(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()[:8]


def _two_at_once(url: str, strangers: Sequence[str]) -> StoreConflictError:
    if strangers:
        return StoreConflictError(
            f"{url}: another tool wrote at the same moment; what it wrote is the version {strangers[0]} of the secret, "
            f"and the key ring is newer. Give the key ring a secret of its own, and run again"
        )
    return StoreConflictError(f"{url}: two runs wrote at the same moment; the keys of both were kept. Run again")


def _check(address: Address, field: str) -> None:
    """Raises :class:`InputError` for what can't be a vault, a secret's name or its tags."""
    if not address.host:
        raise InputError(f"{field}: vault_url= is needed, as in https://my-vault.vault.azure.net")
    host, _, port = address.host.partition(":")
    if not re.fullmatch(r"[a-z0-9.-]+", host) or (":" in address.host and not re.fullmatch(r"[0-9]{1,5}", port)):
        raise InputError(f"{field}: {address.host[:80]!r} is not a vault's host name; write it as in {_EXAMPLE}")
    if "." not in host and not is_loopback(host):
        raise InputError(
            f"{field}: {host[:80]!r} is not the whole host name of a vault; write {host[:80]}.vault.azure.net, or what "
            f"the vault's page calls its URI"
        )
    if not re.fullmatch(r"[0-9A-Za-z-]{1,127}", address.path):
        raise InputError(
            f"{field}: {address.path[:80]!r} can't be a secret's name in Key Vault: 1 to 127 letters, digits and "
            f"hyphens; write it as in {_EXAMPLE}"
        )
    if "existing" in address.settings and (address.settings["existing"] != "true" or address.tags):
        raise InputError(f"{field}: existing is true or left out, and a platform team's secret takes no tags from here")
    _check_tags(address.tags, field)


def _check_tags(tags: Mapping[str, str], field: str) -> None:
    if len(tags) > _MOST_TAGS - 2:
        raise InputError(f"{field}: {len(tags)} tags are too many; Key Vault takes {_MOST_TAGS}, and 2 are needed here")
    for name, value in tags.items():
        if len(name) > _LONGEST_TAG_NAME or len(value) > _LONGEST_TAG_VALUE:
            raise InputError(
                f"{field}: the tag {name[:40]!r} is too long; Key Vault takes names of {_LONGEST_TAG_NAME} and values "
                f"of {_LONGEST_TAG_VALUE} characters"
            )
        if name.lower().startswith(OURS):
            raise InputError(f"{field}: the tag {name[:40]!r} is one that is set here; give it another name")

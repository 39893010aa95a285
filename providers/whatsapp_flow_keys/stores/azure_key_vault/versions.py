"""The versions of one secret as a chain: each that is written here names, in a tag, those that it was written over.

So two that were written at the same moment show: one of them is not the newest, and nothing was written over it.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from whatsapp_flow_keys.errors import ForeignDocumentError
from whatsapp_flow_keys.ring import KeyRing, keep_both
from whatsapp_flow_keys.stores.azure_key_vault.tags import AFTER
from whatsapp_flow_keys.stores.content import ring_in

if TYPE_CHECKING:
    from azure.keyvault.secrets import KeyVaultSecret, SecretProperties

_MOST_NAMED = 7
"""Version ids, of 32 characters each, that fit into the value of a tag."""


@dataclass(frozen=True, repr=False)
class Written:
    """A write of ours: what, as which version, and the ids of the versions that were there before it.

    ``joins`` are the ids of the versions in which it joined it with what others wrote meanwhile.
    """

    ring: KeyRing
    text: str
    made: "KeyVaultSecret"
    before: frozenset[str]
    joins: tuple[str, ...] = ()

    @property
    def version(self) -> str:
        """The id of the version that was written first."""
        return version_of(self.made)


@dataclass(frozen=True, repr=False)
class Seen:
    """One look: the list of versions, None for somebody who may not have it, and then the newest version."""

    versions: "tuple[SecretProperties, ...] | None"
    newest: "KeyVaultSecret"

    @property
    def is_overtaken(self) -> bool:
        """Whether the list, though older, knows a version that was written over the newest one: that answer is old."""
        return any(version_of(self.newest) in _after(version) for version in self.versions or ())

    @property
    def lacks_the_newest(self) -> bool:
        """Whether the newest one is missing in the list: somebody wrote between the two, or the list is old."""
        return self.versions is not None and version_of(self.newest) not in _ids(self.versions)

    def is_behind(self, write: Written) -> bool:
        """Whether an answer is older than ``write``, which it doesn't know, and so says nothing of who else wrote."""
        missing = {write.version, *write.joins} - _ids(self.versions or ())
        return bool(missing) or self.is_overtaken or version_of(self.newest) in write.before


@dataclass(frozen=True, repr=False)
class Joined:
    """The newest version, and the ring in it joined with those of the loose versions.

    ``twins`` are loose versions of the same text: a write whose answer was lost, which the client library repeated.
    ``strangers`` are loose versions that hold no ring.
    """

    newest: "KeyVaultSecret"
    ring: KeyRing | None
    versions: "tuple[SecretProperties, ...]"
    loose: "tuple[SecretProperties, ...]" = ()
    twins: tuple[str, ...] = ()
    strangers: tuple[str, ...] = ()
    is_whole: bool = True
    """Whether the newest version holds every key of the joined ring, and that it was offered."""

    @property
    def version(self) -> str:
        """The ids that a write over it must name, the newest first."""
        return " ".join([version_of(self.newest), *(str(version.version) for version in self.loose)][:_MOST_NAMED])

    def joined_with(self, secret: "KeyVaultSecret", where: str) -> "Joined":
        """This, and a loose version."""
        found = replace(self, loose=(*self.loose, secret.properties))
        if secret.value == self.newest.value:
            return replace(found, twins=(*self.twins, version_of(secret)))
        try:
            theirs = ring_in(secret.value or "", where)
        except ForeignDocumentError:
            return replace(found, strangers=(*self.strangers, version_of(secret)))
        if theirs is None or self.ring is None:
            return found
        joined = keep_both(self.ring, theirs, at=secret.properties.created_on or datetime.now(UTC))
        return replace(found, ring=joined, is_whole=self.is_whole and _holds(self.ring, joined))

    def rivals(self, write: Written) -> list[str]:
        """The versions that came while ``write`` was made and weren't written over it."""
        own = {write.version, *write.joins}
        if self.newest.value == write.text:
            own |= {version_of(self.newest), *self.twins}
        seen = {str(version.version): version for version in (*self.versions, self.newest.properties)}
        return [
            name
            for name, version in seen.items()
            if name not in write.before | own and version.enabled and _after(version)[:1] != [write.version]
        ]


def loose_versions(
    versions: "Sequence[SecretProperties]", newest: "SecretProperties", before: Collection[str] | None
) -> "tuple[SecretProperties, ...]":
    """The enabled versions of ours that no version was written over, oldest first, without the newest one.

    With ``before``, also those that aren't ours and came since. A version that a person disabled stays out.
    """
    written_over = {name for version in (*versions, newest) for name in _after(version)}
    return tuple(
        version
        for version in sorted(versions, key=lambda version: (str(version.created_on), str(version.version)))
        if version.enabled
        and version.version not in written_over | {newest.version}
        and (AFTER in tags_of(version) or (before is not None and version.version not in before))
    )


def _ids(versions: "Sequence[SecretProperties]") -> set[str]:
    return {str(version.version) for version in versions}


def _holds(held: KeyRing, joined: KeyRing) -> bool:
    for key in joined.keys:
        own = held.key(key.fingerprint)
        if own is None or (key.offered_at is not None and own.offered_at is None):
            return False
    return True


def version_of(secret: "KeyVaultSecret | None") -> str:
    """The version's id; "" where there is no secret."""
    return str(secret.properties.version) if secret else ""


def tags_of(version: "SecretProperties") -> dict[str, str]:
    return version.tags or {}


def _after(version: "SecretProperties") -> list[str]:
    """The ids of the versions that this one was written over, the then newest first."""
    return tags_of(version).get(AFTER, "").split()

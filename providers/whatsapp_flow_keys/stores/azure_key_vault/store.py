"""A key ring as a secret of Azure Key Vault: what it never does is overwrite a version that it doesn't know.

Key Vault has no compare-and-set. A write adds a version, which is the newest whatever was there; only one that comes
while another one is under way is refused. So each version that is written here names, in a tag, the versions that it
was written over. One that nothing was written over, and that isn't the newest, came from a run that wrote at the same
moment: its keys are joined to the newest ring by whoever sees it first, which is its writer or the other one, whichever
looks last; where both were killed, the next reader.

That one of two sees the other rests on one thing that Key Vault doesn't promise: a list that shows a version shows
those that were written before it, too. A list without the version that was just written is known to be old, and is
asked for again. So is the newest version, where the list has one that was written over it. If it stays old, the write
ends in an error that says so.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, NoReturn

from whatsapp_flow_keys.clock import Clock, SystemClock
from whatsapp_flow_keys.errors import (
    ForeignDocumentError,
    RingTooLargeError,
    StoreConflictError,
    StoreError,
    StorePermissionError,
    StoreUnavailableError,
)
from whatsapp_flow_keys.extras import require_extra
from whatsapp_flow_keys.ring import KeyRing
from whatsapp_flow_keys.stores.azure_key_vault.address import secret_address
from whatsapp_flow_keys.stores.azure_key_vault.client import Deletion, SecretCalls
from whatsapp_flow_keys.stores.azure_key_vault.refusals import (
    BeingDeletedError,
    BeingRecoveredError,
    BusyError,
    DeletedError,
)
from whatsapp_flow_keys.stores.azure_key_vault.tags import AFTER, MANAGED_BY, tags_over
from whatsapp_flow_keys.stores.azure_key_vault.versions import (
    Joined,
    Seen,
    Written,
    loose_versions,
    tags_of,
    version_of,
)
from whatsapp_flow_keys.stores.content import lost_race, ring_in, text_of
from whatsapp_flow_keys.stores.store import Versioned

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential
    from azure.keyvault.secrets import KeyVaultSecret

_LARGEST = 25_000
"""Bytes of a value: Key Vault's documentation says 25k."""


class AzureKeyVaultStore:
    """The document in the newest version of one secret."""

    is_recorded = False

    def __init__(
        self,
        url: str,
        field: str = "store",
        *,
        credential: "TokenCredential | None" = None,
        clock: Clock | None = None,
    ) -> None:
        """``azurekeyvault://VAULT-HOST/NAME?tag.team=payments``; ``…?existing=true`` is a platform team's secret.

        Talks to nobody. ``credential``: another one than the ecosystem's default chain.

        Raises :class:`InputError`, which names ``field``, and :class:`MissingExtraError`.
        """
        self._address = secret_address(url, field)
        self._existing = "existing" in self._address.settings
        require_extra("azure", "azure.keyvault.secrets", "azure.identity", field=field)
        self._calls = SecretCalls(self.url, self._address.host, self._address.path, credential, clock or SystemClock())

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
        return newest is None or _is_recoverable(newest)

    def read(self) -> Versioned:
        """See :class:`Store`. Keys of a version that lost a race are in the ring, too.

        Somebody who may not list the versions gets the newest one as it is. Where nothing is there it looks a few times
        more: while a secret is being deleted or recovered it can't be told from one that never was. Such a deletion can
        take longer than that; then it is :meth:`write` that is refused.
        """
        seen = None
        for is_last in self._calls.tries():
            seen = self._seen(may_list=False)
            if seen is None and self._calls.deleted() is not None:
                return Versioned(None, "deleted", deleted=True)
            if seen is not None and not seen.is_overtaken and (is_last or not seen.lacks_the_newest):
                found = self._joined(seen)
                return Versioned(found.ring, found.version, place=_place(found.newest) if found.ring else "")
        if seen is None:
            return Versioned(None, "")
        raise StoreUnavailableError(
            self.url,
            f"the vault says that the newest version is {version_of(seen.newest)}, and lists one that was "
            f"written over it, so its answers are old. Nothing was changed. Run again in a minute",
        )

    def write(self, ring: KeyRing, expected: Versioned) -> Versioned:
        """See :class:`Store`.

        Of several who write at one moment at most one returns (unless they write the same text), and then the newest
        version holds the keys of all once all have returned or raised :class:`StoreConflictError`.
        """
        text = text_of(ring, self.url, _LARGEST)
        before = frozenset(version.version or "" for version in self._calls.versions())
        return self._settled(Written(ring, text, self._written(text, expected), before))

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
            raise StoreUnavailableError(self.url, "was deleted; the platform team, whose it is, must recover it")
        if MANAGED_BY not in tags_of(deleted.properties):
            raise ForeignDocumentError(
                self.url,
                "a deleted secret of another tool has this name; it was not recovered. Give another name, "
                "or purge it if you are sure that nobody needs it",
            )
        self._calls.recover()

    def delete(self, expected: Versioned) -> str:
        """See :class:`Store`. A soft delete, wherever the vault does that.

        Key Vault deletes whatever is there, and then says which version was the newest. If that isn't the one that was
        read, the secret is recovered. A vault without soft delete can't do that.
        """
        if self._existing:
            return f"{self.url}: stays with the keys in it, since it was given by secret_id=; it is the platform team's"
        newest, version = self._calls.get(), expected.version.partition(" ")[0]
        if newest is None:
            return ""
        if version_of(newest) != version:
            raise StoreConflictError(self.url, "somebody else wrote it meanwhile; nothing was deleted. Run again")
        recoverable = _is_recoverable(newest)
        deletion = self._calls.delete(recoverable=recoverable)
        if deletion.version != version and recoverable:
            self._bring_back(deletion)
        if deletion.version not in (version, ""):
            raise StoreConflictError(
                self.url,
                f"somebody else wrote version {deletion.version} just before it was deleted, and it is "
                f"gone, since this vault has no soft delete. Enable that, and let nobody else write this secret",
            )
        if deletion.recoverable_until is None:
            return ""
        until = deletion.recoverable_until.strftime("%Y-%m-%d %H:%M UTC")
        first = "" if deletion.is_through else ", once the vault has finished deleting it, which takes it a while"
        return f"{self.url}: is deleted, and can be recovered until {until}; the next `pulumi up` recovers it{first}"

    def _bring_back(self, deletion: Deletion) -> NoReturn:
        """Recovers what was deleted, since somebody wrote it after it was read, or may have."""
        wrote = f"wrote version {deletion.version}" if deletion.version else "may have written it"
        try:
            if not deletion.is_through:
                raise BeingDeletedError(self.url, "the vault has not finished deleting it")
            self._calls.recover()
        except StoreError as error:
            raise StoreConflictError(
                self.url,
                f"somebody else {wrote} just before it was deleted, and it could not be recovered at once; "
                f"the next `pulumi up` recovers it with all its versions. The reason: {error}",
            ) from None
        raise StoreConflictError(
            self.url,
            f"somebody else {wrote} just before it was deleted, so it was recovered with all its versions. Run again",
        )

    def _written(self, text: str, expected: Versioned) -> "KeyVaultSecret":
        """The version that holds ``text``, written over what was read.

        Where Key Vault refuses it since somebody else is writing, it looks again before it tries again. It is refused
        for a moment after a recovery, too.
        """
        refused: StoreError | None = None
        for _ in self._calls.tries():
            newest = self._calls.get()
            if refused and newest is not None and newest.value == text:
                return newest  # it arrived all the same, and what was refused was its repetition
            if version_of(newest) != expected.version.partition(" ")[0]:
                raise lost_race(self.url)
            if newest is None and self._existing:
                raise StoreUnavailableError(self.url, "there is no such secret; the platform team must make it first")
            try:
                return self._put(text, over=newest, after=expected.version)
            except (BusyError, BeingRecoveredError) as error:
                refused = error
        assert refused
        raise refused

    def _settled(self, write: Written) -> Versioned:
        """The write as it stands beside what others wrote meanwhile; joins their keys, then raises the conflict."""
        raced, strangers = False, tuple[str, ...]()
        for _ in self._calls.tries():
            found = self._found_after(write)
            raced, strangers = raced or bool(found.rivals(write)), strangers or found.strangers
            if found.is_whole and not raced:
                is_newest = found.newest.value == write.text
                version = found.version if is_newest else write.version
                return Versioned(write.ring, version, place=_place(found.newest if is_newest else write.made))
            if found.is_whole:
                raise _two_at_once(self.url, strangers)
            raced = True
            joined = self._put_joined(found, write)
            if joined is not None:
                write = replace(write, joins=(*write.joins, version_of(joined)))
        raise StoreConflictError(
            self.url,
            "several runs wrote at the same moment; each one's keys were kept, in versions of the secret "
            "that the next read joins. Run again",
        )

    def _put_joined(self, found: Joined, write: Written) -> "KeyVaultSecret | None":
        """The joined ring over what was found; None where somebody else is writing, who may have joined it already."""
        assert found.ring is not None  # or it would be whole
        try:
            text = text_of(replace(found.ring, revision=found.ring.revision + 1), self.url, _LARGEST)
        except RingTooLargeError:  # the next read joins them again; the next write says that it is too much
            raise _two_at_once(self.url, found.strangers) from None
        try:
            return self._put(text, over=found.newest, after=found.version)
        except BusyError:
            return None
        except (DeletedError, BeingDeletedError):
            raise self._overtaken(write) from None

    def _found_after(self, write: Written) -> Joined:
        """What the secret holds after ``write``, by answers that know it."""
        seen = None
        for _ in self._calls.tries():
            seen = self._seen()
            if seen is None or seen.is_behind(write):
                continue
            try:
                found = self._joined(seen, write)
            except ForeignDocumentError:
                raise self._overtaken(write) from None
            if found.ring is None:
                raise self._overtaken(write)
            return found
        if seen is None:
            raise self._overtaken(write)
        raise StoreUnavailableError(
            self.url,
            f"version {write.version} was written, but the vault's answers are older than that, so whether "
            f"somebody else wrote at the same moment can't be seen. No key was lost. Run again in a minute",
        )

    def _overtaken(self, write: Written) -> StoreConflictError:
        return StoreConflictError(
            self.url,
            f"somebody else deleted the key ring, or wrote something else over it, right after this run "
            f"wrote version {write.version}, which is in the secret's history. Nothing was overwritten by this run. "
            f"Let nobody else write this secret, and run again",
        )

    def _seen(self, *, may_list: bool = True) -> Seen | None:
        """The versions, and then the newest one; None where there is no secret. ``may_list``: has to be allowed to.

        The list comes first, so that what is written over the newest version meanwhile isn't taken for loose.
        """
        try:
            versions = tuple(self._calls.versions())
        except StorePermissionError:
            if may_list:
                raise
            versions = None
        newest = self._calls.get()
        return Seen(versions, newest) if newest is not None else None

    def _joined(self, seen: Seen, write: Written | None = None) -> Joined:
        """The ring in the newest version with the keys of the loose ones, after ``write`` if it was just made.

        Of two who write at one moment at least one sees the other's version, since both look after they wrote.
        """
        newest, versions = seen.newest, seen.versions or ()
        ring = write.ring if write and newest.value == write.text else ring_in(newest.value or "", self.url)
        found = Joined(newest, ring, versions)
        loose = loose_versions(versions, newest.properties, write.before if write else None)
        # What a person wrote by hand, without our tag, holds as it is; but not beside a write of ours.
        if write is None and AFTER not in tags_of(newest.properties):
            return replace(found, loose=loose)
        for version in loose:
            secret = self._calls.get(version.version)
            if secret is not None:
                found = found.joined_with(secret, self.url)
        return found

    def _put(self, text: str, *, over: "KeyVaultSecret | None", after: str) -> "KeyVaultSecret":
        """Writes a version."""
        return self._calls.set(text, self._tagged(over, after))

    def _tagged(self, over: "KeyVaultSecret | None", after: str | None) -> dict[str, str]:
        """The tags of a version over what is there. ``after``: the ids that it is written over, "" for none."""
        held = tags_of(over.properties) if over else {}
        return tags_over(held, self._address, after, is_ours=self.is_ours, where=self.url)


def _place(version: "KeyVaultSecret") -> str:
    """The version's identifier as Key Vault answers it, however the URL spells the vault and the name."""
    return (version.id or "").lower()


def _is_recoverable(version: "KeyVaultSecret") -> bool:
    return "Recoverable" in (version.properties.recovery_level or "")  # what the vault doesn't say, nobody counts on


def _two_at_once(url: str, strangers: Sequence[str]) -> StoreConflictError:
    if strangers:
        return StoreConflictError(
            url,
            f"another tool wrote at the same moment; what it wrote is the version {strangers[0]} of the secret, "
            f"and the key ring is newer. Give the key ring a secret of its own, and run again",
        )
    return StoreConflictError(url, "two runs wrote at the same moment; the keys of both were kept. Run again")

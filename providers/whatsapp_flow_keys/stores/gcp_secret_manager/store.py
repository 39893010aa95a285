"""A key ring as the version of a secret in Google Secret Manager that counts (see ``versions``).

A version can be seen at once by its number, by ``latest`` only after minutes. So whoever reads looks for the numbers
that follow. Source: Google's page "Resource consistency".
"""

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta

from whatsapp_flow_keys.clock import Clock, SystemClock
from whatsapp_flow_keys.errors import (
    ForeignDocumentError,
    StoreConflictError,
    StoreError,
    StorePermissionError,
    StoreUnavailableError,
)
from whatsapp_flow_keys.ring import KeyRing
from whatsapp_flow_keys.stores.client_library import ATTEMPTS, require_extra, seconds_per_call
from whatsapp_flow_keys.stores.content import lost_deletion, lost_race, ring_in, text_of
from whatsapp_flow_keys.stores.gcp_secret_manager.address import parse_secret
from whatsapp_flow_keys.stores.gcp_secret_manager.client import SecretCalls
from whatsapp_flow_keys.stores.gcp_secret_manager.refusals import (
    ChangedError,
    SecretExistsError,
    SecretNotFoundError,
)
from whatsapp_flow_keys.stores.gcp_secret_manager.settings import Settings
from whatsapp_flow_keys.stores.gcp_secret_manager.versions import Version, deletion, written_over
from whatsapp_flow_keys.stores.store import Versioned

_LARGEST = 64 * 1024 - 64
"""Bytes of a document: a version holds 64 KiB, and says over which one it was written.
Source: https://cloud.google.com/secret-manager/quotas"""

_LONGEST_DELETION = timedelta(minutes=10)
"""For so long nothing is written over the version that comes before a deletion: it is done or given up by then, and
machines' clocks differ by less."""


@dataclass(frozen=True)
class _Held:
    """What a secret holds: the version that counts, None where none does, and the ``later`` ones, the newest last."""

    document: Version | None
    later: tuple[Version, ...] = ()

    @property
    def last(self) -> int:
        """The highest number; 0 where there is no version."""
        return max((each.number for each in (self.document, *self.later) if each), default=0)

    @property
    def version(self) -> str:
        """For :class:`Versioned`."""
        counts = self.document
        return f"{self.last} {counts.number if counts else 0} {counts.digest if counts else '-'}" if self.last else ""


class GcpSecretManagerStore:
    """The document as the payload of a version."""

    is_recorded = False
    recoverable = False

    def __init__(self, url: str, field: str = "store", *, clock: Clock | None = None) -> None:
        """``gcpsecretmanager://PROJECT/NAME?…``; for a platform team's secret with ``?existing=true``.

        Talks to nobody. Raises :class:`InputError`, which names ``field``, and :class:`MissingExtraError`.
        """
        self._secret, self._clock = parse_secret(url, field), clock or SystemClock()
        require_extra("gcp", "google.cloud.secretmanager_v1", "google_crc32c", field=field)
        self._ring: KeyRing | None = None

    @property
    def url(self) -> str:
        """The project and the name."""
        return self._secret.url

    @property
    def location(self) -> str:
        """The same, with the URL's settings."""
        return self._secret.location

    @property
    def secret_id(self) -> str:
        """``projects/PROJECT/secrets/NAME``."""
        return self._secret.id

    @property
    def is_ours(self) -> bool:
        """See :class:`Store`."""
        return self._secret.is_ours

    def read(self) -> Versioned:
        """See :class:`Store`. Takes the permission ``secretmanager.versions.access``, no other."""
        with SecretCalls.connected(self._secret) as calls:
            return self._versioned(_held(calls))

    def write(self, ring: KeyRing, expected: Versioned) -> Versioned:
        """See :class:`Store`."""
        text = text_of(ring, self.url, _LARGEST)
        last = int(expected.version.partition(" ")[0] or 0)
        data = written_over(text, last)
        self._ring = ring
        with SecretCalls.connected(self._secret) as calls:
            if expected.version:
                self._check_unchanged(calls, expected.version)
            self._take_next(calls, data, last, is_new=not expected.version)
            written = calls.access(str(last + 1))
        if written is None or written.data != data:
            raise lost_race(self.url)
        return Versioned(ring, _Held(written).version, place=written.name)

    def settle(self) -> None:
        """See :class:`Store`. Labels that others put on stay. Where the replicas are can't be changed, and is an error
        here."""
        if not self.is_ours:
            return
        with SecretCalls.connected(self._secret) as calls:
            for tries_left in reversed(range(ATTEMPTS)):
                try:
                    found = calls.settings()
                    found.check_replicas(self._secret)
                    wanted = found.settled(self._secret, self._ring)
                    if wanted != found:
                        calls.set_marks(wanted)
                except SecretNotFoundError:
                    return
                except ChangedError:
                    if not tries_left:
                        raise
                else:
                    return

    def restore(self) -> None:
        """A deleted secret is gone."""

    def delete(self, expected: Versioned) -> str:
        """See :class:`Store`. Not recoverable. A secret without a document was made by somebody else, and stays.

        Deletions name no version. So first a version is added that says what follows: whoever writes from then on comes
        second, and is told so.
        """
        if not self.is_ours:
            return f"{self.url}: was given by secret_id=, so it stays with the private keys in it"
        with SecretCalls.connected(self._secret) as calls:
            held = _held(calls)
            if held.document is None:
                return ""
            if held.version != expected.version:
                raise lost_deletion(self.url)
            with suppress(SecretNotFoundError):  # somebody else deleted it, or the first answer was lost
                self._delete(calls, held.last)
        return ""

    def _delete(self, calls: SecretCalls, last: int) -> None:
        ends = self._clock.now() + _LONGEST_DELETION + timedelta(seconds=2 * seconds_per_call())
        taken = calls.add(deletion(ends), last + 1)
        if taken != last + 1:
            self._bring_back(calls, instead_of=taken)
            raise lost_deletion(self.url)
        try:
            calls.delete()
        except StorePermissionError:  # after another error it may be deleted yet, so nothing may be written meanwhile
            self._bring_back(calls, instead_of=taken)
            raise

    def _versioned(self, held: _Held) -> Versioned:
        document = held.document
        if document is None:
            return Versioned(None, held.version)
        try:
            ring = ring_in(document.data.decode(), self.url)
        except UnicodeDecodeError:
            raise ForeignDocumentError(
                self.url,
                f"its version {document.number} is not text, so it is not a key ring of WhatsApp Flows; it was not "
                f"touched. Give another name",
            ) from None
        self._ring = ring
        return Versioned(ring, held.version, place=document.name)

    def _check_unchanged(self, calls: SecretCalls, version: str) -> None:
        """Whether the secret is the one that was read, not a later one of its name, and nobody is deleting it."""
        last, number, digest = version.split()
        document = calls.access(number) if int(number) else None
        if int(number) and (document is None or document.digest != digest):
            raise lost_race(self.url)
        later = [calls.access(str(each)) for each in range(int(number) + 1, int(last) + 1)]
        if self._is_deletion_under_way(filter(None, later)):
            raise StoreConflictError(
                self.url,
                "another run is deleting it, or was killed while it did; nothing was written. Run again in a quarter "
                "of an hour",
            )

    def _is_deletion_under_way(self, versions: Iterable[Version]) -> bool:
        return any(each.is_deletion_under_way(self._clock.now()) for each in versions)

    def _take_next(self, calls: SecretCalls, data: bytes, last: int, *, is_new: bool) -> None:
        try:
            taken = calls.add(data, last + 1)
        except SecretNotFoundError:
            if not is_new:
                raise lost_race(self.url) from None
            self._create(calls)
            taken = calls.add(data, last + 1)
        if taken != last + 1:
            self._bring_back(calls, instead_of=taken)
            raise lost_race(self.url)

    def _bring_back(self, calls: SecretCalls, *, instead_of: int) -> None:
        """What counts becomes the newest version again, in place of ours, for readers that look no further; as well as
        that can be done, and not where somebody else is deleting it."""
        with suppress(StoreError):
            held = _held(calls)
            others = (each for each in held.later if each.number != instead_of)
            if held.document is not None and held.later and not self._is_deletion_under_way(others):
                calls.add(written_over(held.document.data, held.last), held.last + 1)

    def _create(self, calls: SecretCalls) -> None:
        if not self.is_ours:
            raise StoreUnavailableError(
                self.url,
                "there is no such secret, and one that is given by secret_id= is never made here. Ask the team that it "
                "belongs to, or give name= for one of this stack's own",
            )
        with suppress(SecretExistsError):  # another run was first, or the first answer was lost: its version decides
            calls.create(Settings.of(self._secret, self._ring))


def _held(calls: SecretCalls) -> _Held:
    newest = calls.access("latest") or calls.access("1")
    if newest is None:
        return _Held(None)
    while following := calls.access(str(newest.number + 1)):
        newest = following
    later: list[Version] = []
    document: Version | None = newest
    while document is not None and not document.counts:
        later.insert(0, document)
        document = calls.access(str(document.number - 1)) if document.number > 1 else None
    return _Held(document, tuple(later))

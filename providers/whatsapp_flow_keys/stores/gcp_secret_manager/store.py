"""A key ring as the version of a secret in Google Secret Manager that counts; see ``versions`` and ``held``."""

from contextlib import suppress

from whatsapp_flow_keys.client_library import ATTEMPTS
from whatsapp_flow_keys.errors import ForeignDocumentError, StoreError, StorePermissionError
from whatsapp_flow_keys.extras import require_extra
from whatsapp_flow_keys.ring import KeyRing
from whatsapp_flow_keys.stores.content import left_in_place, lost_deletion, lost_race, never_made, ring_in, text_of
from whatsapp_flow_keys.stores.gcp_secret_manager.address import parse_secret
from whatsapp_flow_keys.stores.gcp_secret_manager.client import SecretCalls
from whatsapp_flow_keys.stores.gcp_secret_manager.held import Held
from whatsapp_flow_keys.stores.gcp_secret_manager.refusals import (
    ChangedError,
    SecretExistsError,
    SecretNotFoundError,
)
from whatsapp_flow_keys.stores.gcp_secret_manager.settings import Settings
from whatsapp_flow_keys.stores.gcp_secret_manager.versions import Version, deletion, moved, written_over
from whatsapp_flow_keys.stores.store import Versioned

_LARGEST = 64 * 1024 - 64
"""Bytes of a document: a version holds 64 KiB, and says over which one it was written.
Source: https://cloud.google.com/secret-manager/quotas"""


class GcpSecretManagerStore:
    """The document as the payload of a version."""

    is_recorded = False
    recoverable = False

    def __init__(self, url: str, field: str = "store") -> None:
        """``gcpsecretmanager://PROJECT/NAME?…``; for a platform team's secret with ``?existing=true``.

        Talks to nobody. Raises :class:`InputError`, which names ``field``, and :class:`MissingExtraError`.
        """
        self._secret = parse_secret(url, field)
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
            held = Held.by(calls)
        self._ring = self._ring_in(held.document)
        return Versioned(self._ring, held.version, place=held.document.name if held.document and self._ring else "")

    def write(self, ring: KeyRing, expected: Versioned) -> Versioned:
        """See :class:`Store`. Where somebody was deleting the secret, that can't be done any more."""
        text = text_of(ring, self.url, _LARGEST)
        self._ring = ring
        try:
            with SecretCalls.connected(self._secret) as calls:
                written = self._write(calls, text, expected.version)
        except SecretNotFoundError:
            raise lost_race(self.url) from None
        return Versioned(ring, Held(written).version, place=written.name)

    def _write(self, calls: SecretCalls, text: str, expected: str) -> Version:
        before = Held.read_again(calls, expected)
        if before is None:
            raise lost_race(self.url)
        if before.is_being_deleted:
            calls.set_marks(calls.settings())  # changes the etag, which that deletion names
        number, data = before.last + 1, written_over(text, before.last)
        taken = self._add(calls, data, number, is_new=not expected)
        written = calls.access(str(number)) if taken == number else None
        if written is None or written.data != data:
            self._bring_back(calls)
            raise lost_race(self.url)
        if Held.read_again(calls, expected) is None:  # another secret has that name now, and we wrote over what it held
            self._bring_back(calls, below=number)
            raise lost_race(self.url)
        return written

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

        Deletions name no version. So first a version is added that announces it: whoever writes without having seen
        that comes second, and who has seen it changes the etag of the secret, which the deletion names.
        """
        if not self.is_ours:
            return left_in_place(self.url)
        with SecretCalls.connected(self._secret) as calls, suppress(SecretNotFoundError):  # somebody else deleted it
            etag = calls.settings().etag
            held = Held.by(calls)
            if held.document is None:
                return ""
            if held.version != expected.version:
                raise lost_deletion(self.url)
            announced = calls.add(deletion(), held.last + 1)
            if announced != held.last + 1:
                self._bring_back(calls, announced=announced)
                raise lost_deletion(self.url)
            try:
                calls.delete(etag)
            except (ChangedError, StorePermissionError) as refusal:
                self._bring_back(calls, announced=announced)
                raise lost_deletion(self.url) if isinstance(refusal, ChangedError) else refusal from None
        return ""

    def _ring_in(self, document: Version | None) -> KeyRing | None:
        if document is None:
            return None
        try:
            return ring_in(document.data.decode(), self.url)
        except UnicodeDecodeError:
            raise ForeignDocumentError(
                self.url,
                f"its version {document.number} is not text, so it is not a key ring of WhatsApp Flows; it was not "
                f"touched. Give another name",
            ) from None

    def _add(self, calls: SecretCalls, data: bytes, number: int, *, is_new: bool) -> int:
        try:
            return calls.add(data, number)
        except SecretNotFoundError:
            if not is_new:
                raise
        self._create(calls)
        return calls.add(data, number)

    def _bring_back(self, calls: SecretCalls, *, below: int = 0, announced: int = 0) -> None:
        """What counts, or counted ``below`` a number, becomes the newest version again, for readers that look no
        further; as well as that can be done, and not where somebody else is deleting the secret. ``announced``: the
        version by which this run announced a deletion."""
        with suppress(StoreError):
            held = Held.by(calls)
            if any(each.announces_deletion and each.number != announced for each in held.later):
                return
            if announced:
                calls.set_marks(calls.settings())  # a deletion of ours that may still come is void
            document = held.document
            while below and document is not None and (document.number >= below or not document.counts):
                document = calls.access(str(document.number - 1))
            if document is not None and document.number != held.last:
                calls.add(moved(document.data, held.last), held.last + 1)

    def _create(self, calls: SecretCalls) -> None:
        if not self.is_ours:
            raise never_made(self.url)
        with suppress(SecretExistsError):  # another run was first, or the first answer was lost: its version decides
            calls.create(Settings.of(self._secret, self._ring))

"""A key ring as two fields of a Kubernetes Secret: ``document``, and ``private_keys`` for programs that need no more.

What it never does is write without the ``uid`` and ``resourceVersion`` that were read, delete another version than the
one that was read, or change a Secret that belongs to another controller. Kubernetes keeps no older version and deletes
for good.
"""

from whatsapp_flow_keys.errors import ForeignDocumentError, StoreUnavailableError
from whatsapp_flow_keys.extras import require_extra
from whatsapp_flow_keys.ring import KeyRing
from whatsapp_flow_keys.stores.content import left_in_place, lost_deletion, lost_race, never_made, ring_in, text_of
from whatsapp_flow_keys.stores.kubernetes.address import parse_secret
from whatsapp_flow_keys.stores.kubernetes.client import Found, SecretCalls
from whatsapp_flow_keys.stores.kubernetes.connection import in_a_pod_without_kubeconfig
from whatsapp_flow_keys.stores.kubernetes.refusals import SecretRefusedError
from whatsapp_flow_keys.stores.store import Versioned

DOCUMENT, PRIVATE_KEYS = "document", "private_keys"
FIELDS = frozenset({DOCUMENT, PRIVATE_KEYS})

_LARGEST = 512 * 1024
"""Bytes of a document: a Secret holds 1 MiB, and the private keys stand in both fields."""

_NOTHING = ""  # the version of what is not there


class KubernetesStore:
    """The document in a Secret of type Opaque."""

    is_recorded = False
    recoverable = False

    def __init__(self, url: str, field: str = "store") -> None:
        """``kubernetes://[CONTEXT]/NAMESPACE/NAME``; for a platform team's Secret with ``?existing=true``.

        Talks to nobody. Raises :class:`InputError`, which names ``field``, and :class:`MissingExtraError`."""
        self._secret = parse_secret(url, field)
        require_extra("kubernetes", "kubernetes", field=field)
        self._calls = SecretCalls(self._secret, FIELDS)

    @property
    def url(self) -> str:
        """The context, the namespace and the name."""
        return self._secret.url

    @property
    def location(self) -> str:
        """The same, with the URL's settings."""
        return self._secret.location

    @property
    def secret_id(self) -> str:
        """``NAMESPACE/NAME``."""
        return self._secret.id

    @property
    def is_ours(self) -> bool:
        """See :class:`Store`."""
        return self._secret.is_ours

    def read(self) -> Versioned:
        """See :class:`Store`. A Secret without fields is no document yet."""
        found = self._calls.get()
        if found is None:
            return Versioned(None, _NOTHING)
        ring = self._ring(found)
        return Versioned(ring, found.version, place=found.uid if ring else "")

    def write(self, ring: KeyRing, expected: Versioned) -> Versioned:
        """See :class:`Store`. A write whose answer got lost is made again: the server refuses the second, and what is
        there by then is what we wanted."""
        text = text_of(ring, self.url, _LARGEST)
        self._check_cluster("written")
        data = {DOCUMENT: text, PRIVATE_KEYS: ring.private_keys}
        metadata = _marks(ring) if self.is_ours else {}
        try:
            if expected.version == _NOTHING:
                self._check_ours()
                written = self._calls.create(metadata, data)
            else:
                written = self._calls.patch(self._changeable(expected), metadata, data)
        except SecretRefusedError as refused:
            if refused.reason not in ("AlreadyExists", "Conflict", "NotFound"):
                raise
            there = self._calls.get()
            if there is None or there.data.get(DOCUMENT) != text.encode():
                raise lost_race(self.url) from None
            written = there
        return Versioned(ring, written.version, place=written.uid)

    def settle(self) -> None:
        """The URL has no settings that the Secret would show."""

    def restore(self) -> None:
        """A deleted Secret is gone."""

    def delete(self, expected: Versioned) -> str:
        """See :class:`Store`. Not recoverable. An empty Secret was made by somebody else, and stays."""
        if not self.is_ours:
            return left_in_place(self.url)
        found = self._calls.get()
        if found is None or not found.data:
            return ""
        self._check_cluster("deleted")
        if found.version != expected.version:
            raise lost_deletion(self.url)
        self._check_owner(found, "deleted")
        others = len(found.data.keys() - FIELDS)
        if others:
            raise StoreUnavailableError(
                self.url,
                f"has {others} more fields than the key ring's, which would go with it; nothing was deleted. Move them "
                f"to another Secret, then run again",
            )
        return self._deleted(found)

    def _deleted(self, found: Found) -> str:
        try:
            self._calls.delete(found)
        except SecretRefusedError as refused:
            if refused.reason == "NotFound":  # the first answer was lost, or somebody else deleted it
                return ""
            if refused.reason == "Conflict":
                raise lost_deletion(self.url) from None
            raise
        left = self._calls.get()
        if left is None or left.uid != found.uid:
            return ""
        return f"{self.url}: is being deleted, and gone once its finalizers have let it go: {left.finalizers}"

    def _ring(self, found: Found) -> KeyRing | None:
        if found.data and DOCUMENT not in found.data:
            raise ForeignDocumentError(
                self.url,
                f"has {len(found.data)} fields and none of them is `{DOCUMENT}`, so it is not a key ring of WhatsApp "
                f"Flows; it was not touched. Give another name",
            )
        try:
            return ring_in(found.data.get(DOCUMENT, b"").decode(), self.url)
        except UnicodeDecodeError:
            raise ForeignDocumentError(
                self.url,
                f"its field `{DOCUMENT}` is not text, so it is not a key ring of WhatsApp Flows; it was not touched. "
                f"Give another name",
            ) from None

    def _changeable(self, expected: Versioned) -> Found:
        """The Secret, if it is as it was read and may be changed."""
        found = self._calls.get()
        if found is None or found.version != expected.version:
            raise lost_race(self.url)
        self._check_owner(found, "written")
        if found.finalizers:
            raise StoreUnavailableError(
                self.url,
                f"is being deleted, and waits for its finalizers ({found.finalizers}); nothing was written. Run again "
                f"once it is gone",
            )
        if found.immutable:
            raise StoreUnavailableError(
                self.url,
                "is immutable, so Kubernetes takes no change of it; nothing was written. Make it again without "
                "`immutable: true`, with what it holds, or move to another name",
            )
        return found

    def _check_owner(self, found: Found, done: str) -> None:
        if found.owner:
            raise ForeignDocumentError(
                self.url,
                f"belongs to {found.owner}, which would undo a change; nothing was {done}. Give another name, or have "
                f"it let the Secret go",
            )

    def _check_ours(self) -> None:
        if not self.is_ours:
            raise never_made(self.url)

    def _check_cluster(self, done: str) -> None:
        """A copy of private keys in another cluster would be a leak: a Pod knows its own one, and no context."""
        if self._secret.context and in_a_pod_without_kubeconfig():
            raise StoreUnavailableError(
                self.url,
                f"names the context {self._secret.context}, and there is no kubeconfig here that says which cluster it "
                f"is; nothing was {done}. Give the stack a kubeconfig, or no context if this Pod's cluster is meant",
            )


def _marks(ring: KeyRing) -> dict[str, dict[str, str]]:
    """The labels and the annotation that say whose Secret it is."""
    return {
        "labels": {
            "app.kubernetes.io/managed-by": "whatsapp-flow-encryption",
            "whatsapp-flow-keys/phone-number-id": ring.phone_number_id,
        },
        "annotations": {"whatsapp-flow-keys/managed-by": ring.managed_by},
    }

"""The document, by its URL."""

from tests.contract.stores.memory_kind.address import parse
from whatsapp_flow_keys.ring import KeyRing
from whatsapp_flow_keys.stores.content import lost_deletion, lost_race, ring_in, text_of
from whatsapp_flow_keys.stores.store import Versioned

DOCUMENTS: dict[str, str] = {}
"""By URL."""


class MemoryStore:
    """A :class:`Store`."""

    is_ours = True
    is_recorded = False
    recoverable = False

    def __init__(self, url: str, field: str = "store") -> None:
        self.url = self.location = self.secret_id = str(parse(url, field))

    def read(self) -> Versioned:
        text = DOCUMENTS.get(self.url, "")
        return Versioned(ring_in(text, self.url), text)

    def write(self, ring: KeyRing, expected: Versioned) -> Versioned:
        if DOCUMENTS.get(self.url, "") != expected.version:
            raise lost_race(self.url)
        DOCUMENTS[self.url] = text_of(ring, self.url, 100_000)
        return Versioned(ring, DOCUMENTS[self.url])

    def settle(self) -> None:
        """It has no settings."""

    def restore(self) -> None:
        """What was deleted is gone."""

    def delete(self, expected: Versioned) -> str:
        if DOCUMENTS.pop(self.url, "") != expected.version:
            raise lost_deletion(self.url)
        return ""

"""The ring that the stack itself holds, as the registration sees it: recorded by the KeyRing resource, read-only here.

Every key in it counts as offered, and *current* is what Meta serves; the next KeyRing update writes that down. So
marking and promoting change this copy only.
"""

from whatsapp_flow_keys.ring import KeyRing
from whatsapp_flow_keys.stores.store import Versioned

STACKS_RING = "the stack's key ring"
"""What sentences call it."""


class RecordedRing:
    """A :class:`Store` over a ring that is already durable in the stack's state."""

    url = location = secret_id = "stack"
    is_ours = True
    is_recorded = True
    recoverable = False

    def __init__(self, ring: KeyRing) -> None:
        self._ring = ring

    def read(self) -> Versioned:
        """The ring as recorded."""
        return Versioned(self._ring, "recorded")

    def write(self, ring: KeyRing, expected: Versioned) -> Versioned:
        """Changes this copy; the state is written by the KeyRing resource alone."""
        del expected
        self._ring = ring
        return Versioned(ring, "recorded")

    def settle(self) -> None:
        """The state has no settings."""

    def restore(self) -> None:
        """What left the state is gone."""

    def delete(self, expected: Versioned) -> str:
        """Does nothing: the state goes with the resource."""
        return ""

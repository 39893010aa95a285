"""The stack's own ring, as its KeyRing begins and extends it."""

from tests.contract.conftest import Line
from whatsapp_flow_keys.keys import PrivateKey
from whatsapp_flow_keys.lifecycle.staging import NewKey, begin_recorded_ring, extend_recorded_ring
from whatsapp_flow_keys.ring import KeyRing


def new_key() -> NewKey[PrivateKey]:
    """A pair that was made now."""
    return NewKey(PrivateKey.generate(), "2026-11-24")


def begin(line: Line, new: NewKey[PrivateKey]) -> KeyRing:
    """The ring that a KeyRing records first."""
    return begin_recorded_ring(new, [], line.session())


def extend(line: Line, ring: KeyRing, new: NewKey[PrivateKey]) -> KeyRing:
    """The ring that it records with another key."""
    return extend_recorded_ring(ring, new, [], line.session())

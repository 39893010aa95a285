"""What the lifecycle does to a place on behalf of a stack, where Meta is not asked."""

from tests.contract.stores.place import Place
from whatsapp_flow_keys.audit import AuditLog
from whatsapp_flow_keys.clock import SystemClock
from whatsapp_flow_keys.lifecycle.claim import Claim
from whatsapp_flow_keys.lifecycle.rings import Rings, read_rings
from whatsapp_flow_keys.lifecycle.session import Session
from whatsapp_flow_keys.lifecycle.staging import Recorded, claim_stores
from whatsapp_flow_keys.registrars.registrar import Registrar


def rings_of(place: Place, claim: Claim) -> Rings:
    """What the stack finds there."""
    return read_rings([place.store()], claim, claim.trail(AuditLog()))


def claim_place(place: Place, claim: Claim) -> None:
    """The stack writes its name into the ring."""
    session = Session(claim, _nobody, SystemClock(), claim.trail(AuditLog()), print)
    claim_stores(Recorded(), [place.store()], session, passphrase=None)


def _nobody() -> Registrar:
    raise AssertionError("Meta is not asked")

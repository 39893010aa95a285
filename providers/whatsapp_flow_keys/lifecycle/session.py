"""What the steps of one call share: whose ring it is, who serves its public key, the clock, and who is informed."""

from collections.abc import Callable
from dataclasses import dataclass

from whatsapp_flow_keys.clock import Clock
from whatsapp_flow_keys.custody.services import NONE, KeyServices
from whatsapp_flow_keys.lifecycle.claim import Claim
from whatsapp_flow_keys.lifecycle.trail import Trail
from whatsapp_flow_keys.registrars.registrar import Registrar


@dataclass(frozen=True)
class Session:
    """A call's ports, and the claim that it is made for.

    Args:
        claim: whose ring it is.
        connect: gives who serves the public key, when a step asks for it; raises InputError for a wrong setting.
        clock: the time, and how to wait.
        trail: reports to the audit log.
        say: shows a person a line.
        services: the key services that may be asked.
    """

    claim: Claim
    connect: Callable[[], Registrar]
    clock: Clock
    trail: Trail
    say: Callable[[str], None]
    services: KeyServices = NONE

    @property
    def registrar(self) -> Registrar:
        """Who serves the public key."""
        return self.connect()

    @property
    def number(self) -> str:
        """The phone number ID."""
        return self.claim.phone_number_id

"""What a rule is given beside the properties: the run of the engine, and the account whose numbers these are."""

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Protocol

from whatsapp_flow_keys.audit import Audit
from whatsapp_flow_keys.custody.services import NONE, KeyServices
from whatsapp_flow_keys.lifecycle.claim import Claim
from whatsapp_flow_keys.resources.run import Run

if TYPE_CHECKING:
    from whatsapp_flow_keys.flow_protocol.live_endpoint import Endpoint
    from whatsapp_flow_keys.lifecycle.session import Session
    from whatsapp_flow_keys.registrars.registrar import Registrar


class Account(Protocol):
    """The account as its provider is configured."""

    def check(self, registrar: str) -> None:
        """Raises :class:`InputError`, which names a setting that this registrar needs and that is missing or wrong.
        Asks nobody."""

    def registrar(self, url: str) -> "Registrar":
        """Who serves the public key of one of its numbers. Raises :class:`InputError`."""

    def endpoint(self, url: str, registrar: str) -> "Endpoint":
        """A live endpoint of one of its numbers, whose registrar is this. Raises :class:`InputError`."""

    def audit(self) -> Audit:
        """The audit log."""

    def naming(self, text: str, phone_number_id: str | None) -> str:
        """The text of a failure, with the number and the account that it happened to, where it doesn't say so."""


@dataclass(frozen=True)
class Context:
    """See the module."""

    run: Run
    account: Account

    def session(self, claim: Claim, registrar: str, services: KeyServices = NONE) -> "Session":
        """What a call that acts hands to the lifecycle. ``registrar`` is the number's, as a URL; ``services`` are the
        key services that may be asked."""
        from whatsapp_flow_keys.lifecycle.session import Session

        account, run = self.account, self.run
        connect = partial(account.registrar, registrar)
        return Session(claim, connect, run.clock, claim.trail(account.audit()), run.say, services)

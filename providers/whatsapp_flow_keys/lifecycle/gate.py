"""The gate before a publication: the live endpoint answers pings made with the new key, and with the one that Meta
serves, so it holds both. An endpoint with the new key alone fails every form until the publication, and after it those
of phones that keep the old public key.
"""

from dataclasses import dataclass

from whatsapp_flow_keys.clock import Clock
from whatsapp_flow_keys.errors import EndpointNotReadyError
from whatsapp_flow_keys.flow_protocol.live_endpoint import NOT_HELD, Endpoint, Refusal
from whatsapp_flow_keys.lifecycle.session import Session
from whatsapp_flow_keys.registrars.registrar import ServedKey

PINGS = 10
"""Answers in a row with each key, each on a connection of its own: several instances may stand behind the URL.

Where one of two lacks a key, a balancer that picks at random leads all ten past it once in 1,024 times; one that takes
turns shows each of up to ten. The keys don't take turns: with two instances that do, each key would meet but one.
"""

_SECONDS_BETWEEN_ROUNDS = 2.0
_AGAIN = "Run `pulumi up` again when the endpoint is ready"


@dataclass(frozen=True)
class Gate:
    """What has to hold the new key before it is published.

    Args:
        endpoint: the live endpoint.
        wait: how many seconds it may take. Once they have passed, each key is asked for once and no more.
        only_copy_in_state: the keys are in the stack's state alone, which another run may overwrite meanwhile.
    """

    endpoint: Endpoint
    wait: float
    only_copy_in_state: bool = False

    def hold(self, public_key_pem: str, fingerprint: str, session: Session, *, served: ServedKey | None = None) -> None:
        """Waits until the endpoint holds the key and the ``served`` one, and shows a line if that takes a while.

        Raises :class:`EndpointNotReadyError`.
        """
        clock, number = session.clock, session.number
        ends = clock.monotonic() + self.wait
        said = False
        while refusal := self._refusal(public_key_pem, served, clock, ends):
            if clock.monotonic() + _SECONDS_BETWEEN_ROUNDS > ends:
                raise EndpointNotReadyError(
                    f"phone number {number}: key {fingerprint} is staged, not published: {refusal}. {_AGAIN}"
                )
            if not said:
                session.say(self._waiting(fingerprint, number, served))
                said = True
            clock.sleep(_SECONDS_BETWEEN_ROUNDS)

    def _refusal(self, public_key_pem: str, served: ServedKey | None, clock: Clock, ends: float) -> str | None:
        """Why one of the keys is not held, in whole sentences."""
        if refused := self._pinged(public_key_pem, clock, ends):
            return f"{refused}. Forms go on with the key that Meta serves"
        if served and served.public_key_pem and (refused := self._pinged(served.public_key_pem, clock, ends)):
            return _only_the_new_key(refused, str(served.fingerprint))
        return None

    def _pinged(self, public_key_pem: str, clock: Clock, ends: float) -> Refusal | None:
        """The first refusal among the pings with a key."""
        for _ in range(PINGS):
            refused = self.endpoint.ping(public_key_pem)
            if refused or clock.monotonic() >= ends:
                return refused
        return None

    def _waiting(self, fingerprint: str, number: str, served: ServedKey | None) -> str:
        both = " and the one that Meta serves" if served and served.public_key_pem else ""
        alone = (
            ". Don't cancel this run to start another one: this state is the only copy of the keys, and the run that "
            "ends last writes it; a backup would hold them, too"
        )
        return (
            f"phone number {number}: waiting up to {self.wait:.0f} s for the endpoint to hold key {fingerprint}"
            f"{both}{alone if self.only_copy_in_state else ''}"
        )

    def warn(self, public_key_pem: str, fingerprint: str, session: Session) -> None:
        """For a number that has no key yet: asks once, and shows what is wrong."""
        refused = self.endpoint.ping(public_key_pem)
        if refused:
            session.say(
                f"warning: phone number {session.number}: key {fingerprint} is the number's first and is published, "
                f"but {refused}. No form can be answered until then"
            )


def _only_the_new_key(refused: Refusal, served: str) -> str:
    if refused.status == NOT_HELD:
        return (
            f"the endpoint {refused.place} answers with the new key, but no longer with key {served}, which Meta "
            f"serves: its forms fail now, and would until the publication. It must hold both: give it the whole of "
            f"this number's `endpoint_env`, and let it try every private key"
        )
    return (
        f"the endpoint {refused.place} answers with the new key, but to a ping with key {served}, which Meta "
        f"serves, it {refused.said}"
    )

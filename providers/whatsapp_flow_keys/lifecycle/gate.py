"""The gate before a publication: the live endpoint answers a ping made with the new key, so it holds that key."""

from dataclasses import dataclass

from whatsapp_flow_keys.errors import EndpointNotReadyError
from whatsapp_flow_keys.flow_protocol.live_endpoint import Endpoint
from whatsapp_flow_keys.lifecycle.session import Session

_SECONDS_BETWEEN_PINGS = 2.0


@dataclass(frozen=True)
class Gate:
    """What has to hold the new key before it is published.

    Args:
        endpoint: the live endpoint.
        wait: how many seconds it may take; 0 asks once.
        only_copy_in_state: the keys are in the stack's state alone, which another run may overwrite meanwhile.
    """

    endpoint: Endpoint
    wait: float
    only_copy_in_state: bool = False

    def hold(self, public_key_pem: str, fingerprint: str, session: Session) -> None:
        """Waits until the endpoint holds the key, and shows a line if that takes a while.

        Raises :class:`EndpointNotReadyError`.
        """
        clock, number = session.clock, session.number
        began = clock.monotonic()
        ends = began + self.wait
        while refusal := self.endpoint.refusal(public_key_pem):
            if clock.monotonic() + _SECONDS_BETWEEN_PINGS > ends:
                raise EndpointNotReadyError(
                    f"phone number {number}: key {fingerprint} is staged, not published: {refusal}. Forms go on with "
                    f"the key that Meta serves. Run `pulumi up` again when the endpoint is ready"
                )
            if clock.monotonic() == began:
                session.say(self._waiting(fingerprint, number))
            clock.sleep(_SECONDS_BETWEEN_PINGS)

    def _waiting(self, fingerprint: str, number: str) -> str:
        alone = (
            ". Don't cancel this run to start another one: this state is the only copy of the keys, and the run that "
            "ends last writes it; a backup would hold them, too"
        )
        return (
            f"phone number {number}: waiting up to {self.wait:.0f} s for the endpoint to hold key {fingerprint}"
            f"{alone if self.only_copy_in_state else ''}"
        )

    def warn(self, public_key_pem: str, fingerprint: str, session: Session) -> None:
        """For a number that has no key yet: asks once, and shows what is wrong."""
        refusal = self.endpoint.refusal(public_key_pem)
        if refusal is not None:
            session.say(
                f"warning: phone number {session.number}: key {fingerprint} is the number's first and is published, "
                f"but {refusal}. No form can be answered until then"
            )

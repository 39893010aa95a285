"""The gate before a publication: the live endpoint answers a ping made with the new key, so it holds that key."""

from dataclasses import dataclass

from whatsapp_flow_keys.clock import Clock
from whatsapp_flow_keys.endpoint import Endpoint
from whatsapp_flow_keys.errors import EndpointNotReadyError

_SECONDS_BETWEEN_PINGS = 2.0


@dataclass(frozen=True)
class Gate:
    """The endpoint, and how many seconds it may take until it holds the new key; 0 asks once."""

    endpoint: Endpoint
    wait: float

    def hold(self, public_key_pem: str, fingerprint: str, number: str, clock: Clock) -> None:
        """Returns once the endpoint holds the key. Raises :class:`EndpointNotReadyError`."""
        ends = clock.monotonic() + self.wait
        while refusal := self.endpoint.refusal(public_key_pem):
            if clock.monotonic() + _SECONDS_BETWEEN_PINGS > ends:
                raise EndpointNotReadyError(
                    f"phone number {number}: key {fingerprint} is staged, not published: {refusal}. Forms go on with "
                    f"the key that Meta serves. Run `pulumi up` again when the endpoint is ready"
                )
            clock.sleep(_SECONDS_BETWEEN_PINGS)

    def doubt(self, public_key_pem: str, fingerprint: str, number: str) -> str | None:
        """The same for a number that has no key yet: asks once, and says what is amiss."""
        refusal = self.endpoint.refusal(public_key_pem)
        if refusal is None:
            return None
        return (
            f"warning: phone number {number}: key {fingerprint} is the number's first and is published, but {refusal}. "
            f"No form can be answered until then"
        )

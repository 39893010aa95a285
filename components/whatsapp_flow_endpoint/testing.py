"""For tests of handlers: sends forms to an endpoint of this process, encrypted and signed as WhatsApp's client does.

::

    form = FlowTester(book)
    assert form.exchange("DAY", {"day": "Monday"}).answer == show("TIME", {"times": ["9:00", "9:30"]})
"""

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from whatsapp_flow_endpoint.answer import TOKEN_NO_LONGER_VALID
from whatsapp_flow_endpoint.endpoint import FlowEndpoint
from whatsapp_flow_endpoint.exchange import Handler
from whatsapp_flow_endpoint.flow_keys import FlowKeys
from whatsapp_flow_keys.flow_protocol.message import PING
from whatsapp_flow_keys.keys import PrivateKey
from whatsapp_flow_keys.ring import KeyRing, RingKey, Role

_ENCRYPTED = (200, TOKEN_NO_LONGER_VALID)


@dataclass(frozen=True)
class Reply:
    """What came back.

    Args:
        status: HTTP's; docs/endpoint.md says what each means.
        answer: decrypted: what the handler returned, or ``{"error_msg": …}`` with 427; None for every other status.
    """

    status: int
    answer: Any = None


class FlowTester:
    """One form, as a person's WhatsApp sends it; the endpoint answers in this thread.

    Args:
        target: an endpoint, whose own key and app secret are used; or a handler alone, for which both are made up.
        flow_token: the token of the form.
        phone_number_id: the number that it is sent to, of an endpoint with several.
    """

    def __init__(
        self,
        target: FlowEndpoint | Handler,
        *,
        flow_token: str = "token-of-a-test",
        phone_number_id: str | None = None,
    ) -> None:
        self._endpoint = target if isinstance(target, FlowEndpoint) else _endpoint_of(target)
        self._flow_token, self._phone_number_id = flow_token, phone_number_id

    def init(self, data: Mapping[str, Any] | None = None) -> Reply:
        """Opens the form (action ``INIT``)."""
        return self._send_form("INIT", None, data)

    def exchange(self, screen: str, data: Mapping[str, Any] | None = None) -> Reply:
        """Submits a screen (action ``data_exchange``) with what was typed in."""
        return self._send_form("data_exchange", screen, data)

    def back(self, screen: str, data: Mapping[str, Any] | None = None) -> Reply:
        """Goes back from a screen (action ``BACK``) that has ``refresh_on_back``."""
        return self._send_form("BACK", screen, data)

    def ping(self) -> Reply:
        """Meta's health check."""
        return self._send(PING)

    def _send_form(self, action: str, screen: str | None, data: Mapping[str, Any] | None) -> Reply:
        named = {} if screen is None else {"screen": screen}
        form = {"version": PING["version"], "action": action, **named, "data": dict(data or {})}
        return self._send({**form, "flow_token": self._flow_token})

    def _send(self, payload: Mapping[str, Any]) -> Reply:
        headers, body, session = self._endpoint.sealed(payload, phone_number_id=self._phone_number_id)
        got = self._endpoint.answer(headers, body)
        return Reply(got.status, session.decrypt_answer(got.body) if got.status in _ENCRYPTED else None)


def _endpoint_of(handler: Handler) -> FlowEndpoint:
    return FlowEndpoint(handler, _keys(), app_secrets=("of a test",))


@functools.cache
def _keys() -> FlowKeys:
    key, now = PrivateKey.generate(), datetime.now(UTC)
    held = RingKey(key.fingerprint, Role.CURRENT, now.date().isoformat(), None, key.to_pem())
    return FlowKeys(KeyRing("0", "tests", "tests", 1, (held,)))

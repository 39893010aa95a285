"""What tests of the endpoint kit need: rings of given keys, and requests as WhatsApp's client sends them."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from tests.pairs import pair
from whatsapp_flow_endpoint import Answer, FlowEndpoint, FlowKeys
from whatsapp_flow_endpoint.asgi import AsgiApp
from whatsapp_flow_keys.flow_protocol.message import Session, encrypt_request
from whatsapp_flow_keys.flow_protocol.signature import HEADER, sign
from whatsapp_flow_keys.keys import PrivateKey
from whatsapp_flow_keys.ring import KeyRing, RingKey, Role

NUMBER = "106540352242922"
APP_SECRET = "secretOfTheAppForTestsOnly"
TYPED_IN = "typed-in-by-a-person"
FORM = {
    "version": "3.0",
    "action": "data_exchange",
    "screen": "DAY",
    "data": {"day": TYPED_IN},
    "flow_token": "token-of-the-form",
}
PING = {"version": "3.0", "action": "ping"}


def key(name: str = "current") -> PrivateKey:
    """A key made for this run; the same for the same name."""
    return pair(name)


def ring(*keys: PrivateKey, revision: int = 1, number: str = NUMBER, passphrase: str | None = None) -> KeyRing:
    """A ring of these keys; the first is current."""
    noon = datetime(2026, 11, 24, 12, tzinfo=UTC)
    roles = [Role.CURRENT, Role.PREVIOUS, *[Role.RETAINED] * len(keys)]
    entries = [
        RingKey(key.fingerprint, role, "2026-08-25", noon, key.to_pem(passphrase))
        for key, role in zip(keys, roles, strict=False)
    ]
    return KeyRing(number, "acme/flows/prod", "owner-1", revision, tuple(entries))


@dataclass(frozen=True)
class Sent:
    """A request, and the session that its answer is encrypted with."""

    body: bytes
    session: Session

    @property
    def signed(self) -> dict[str, str]:
        """The headers of a signed one."""
        return {"Content-Type": "application/json", HEADER: sign(APP_SECRET, self.body)}

    def decrypt(self, answer: Answer) -> Any:
        return self.session.decrypt_answer(answer.body)


def sent(payload: object = None, to: PrivateKey | None = None) -> Sent:
    """A form, or another payload."""
    message, session = encrypt_request((to or key()).key.public_key(), FORM if payload is None else payload)
    return Sent(json.dumps(message).encode(), session)


def endpoint_of(handler: Callable[..., Any], *keys: PrivateKey, **more: Any) -> FlowEndpoint:
    """One that holds these keys, or the current one, and wants signed requests."""
    return FlowEndpoint(handler, FlowKeys(ring(*(keys or (key(),)))), **{"app_secrets": (APP_SECRET,), **more})


async def through(app: AsgiApp, form: Sent) -> tuple[int, str]:
    """The status and the body that an ASGI application gives its server."""
    got: list[Any] = []
    headers = [(name.lower().encode(), value.encode()) for name, value in form.signed.items()]

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": form.body}

    async def send(message: Any) -> None:
        got.append(message)

    await app({"type": "http", "method": "POST", "headers": headers}, receive, send)
    return got[0]["status"], got[1]["body"].decode()

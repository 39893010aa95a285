"""The Flow requests that every contender gets, and whether its answers are right.

The payload has 300 bytes, and the right answer sends its data back: who can't read it can't answer.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from tools.bench.servers.talk import PATH
from tools.stop import Stop
from whatsapp_flow_keys import document
from whatsapp_flow_keys.errors import FlowMessageError
from whatsapp_flow_keys.flow_protocol import signature
from whatsapp_flow_keys.flow_protocol.message import Session, encrypt_request
from whatsapp_flow_keys.keys import PrivateKey
from whatsapp_flow_keys.ring import KeyRing, RingKey, Role

PAYLOAD_BYTES = 300
NUMBER = "106540352242922"
_APP_SECRET = "app secret of the bench"


@dataclass(frozen=True)
class Asked:
    """One request, and the session that its answer must be encrypted for."""

    headers: dict[str, str]
    body: str
    session: Session
    path: str = PATH

    @property
    def http(self) -> bytes:
        """The whole request, as HTTP/1.1 sends it."""
        head = [f"POST {self.path} HTTP/1.1", *(f"{name}: {value}" for name, value in self.headers.items())]
        return "\r\n".join([*head, "", self.body]).encode()

    def is_rightly_answered(self, answer: str) -> bool:
        """Whether ``answer`` is encrypted for this request, and sends its data back."""
        try:
            return bool(self.session.decrypt_answer(answer) == {"screen": "CONFIRM", "data": payload()["data"]})
        except FlowMessageError:
            return False


@dataclass(frozen=True)
class Task:
    """A key made for this run, and requests that are encrypted for it, each with an AES key of its own."""

    key: PrivateKey
    asked: tuple[Asked, ...]
    environment: dict[str, str] = field(repr=False)
    """What the kit reads its keys and its app secret from."""

    @classmethod
    def make(cls, requests: int) -> "Task":
        """With a new key."""
        key = PrivateKey.generate()
        return cls(key, tuple(ask(key) for _ in range(requests)), environment(document.dump(ring_of([key]))))

    def first_line(self, requests: int) -> dict[str, Any]:
        """What a contender is given at its start."""
        asked = [{"headers": one.headers, "body": one.body} for one in self.asked[:requests]]
        return {"private_key": self.key.to_pem(), "requests": asked}

    def check(self, name: str, answers: Sequence[str]) -> None:
        """Raises `Stop` where an answer is not the right one; ``name`` is the contender's."""
        for asked, answer in zip(self.asked, answers, strict=False):
            if not asked.is_rightly_answered(answer):
                raise Stop(f"{name} gave a wrong answer, so its speed means nothing.")
        if not answers:
            raise Stop(f"{name} gave no answer.")


def payload() -> dict[str, Any]:
    """A form of `PAYLOAD_BYTES` bytes of JSON, as WhatsApp's client sends it."""
    form = {
        "version": "3.0",
        "action": "data_exchange",
        "screen": "APPOINTMENT",
        "flow_token": "5f0c3f6e-7a53-4d1c-9a63-2f6c1f0d5b1e",
        "data": {"name": "Maria Oliveira", "day": "2026-12-04", "time": "14:30", "remarks": ""},
    }
    missing = PAYLOAD_BYTES - len(json.dumps(form))
    form["data"] = {**form["data"], "remarks": "x" * missing}  # type: ignore[dict-item]
    return form


def ring_of(keys: Sequence[PrivateKey], number: str = NUMBER) -> KeyRing:
    """The ring of a phone number that holds these keys, tried in this order."""
    now = datetime.now(UTC)
    roles = (Role.CURRENT, Role.PREVIOUS, *(Role.RETAINED for _ in keys[2:]))
    held = (
        RingKey(key.fingerprint, role, now.date().isoformat(), now, key.to_pem())
        for key, role in zip(keys, roles, strict=False)
    )
    return KeyRing(number, "organization/bench/local", "owner", 1, tuple(held))


def environment(keys: str) -> dict[str, str]:
    """What the kit reads its keys and its app secret from."""
    return {"WHATSAPP_FLOW_KEYS": keys, "WHATSAPP_APP_SECRET": _APP_SECRET}


def ask(key: PrivateKey, path: str = PATH) -> Asked:
    """A request that is encrypted for ``key``, with an AES key of its own."""
    sealed, session = encrypt_request(key.key.public_key(), payload())
    body = json.dumps(sealed)
    headers = {
        "Host": "flows.example.com",
        "User-Agent": "facebookexternalua",
        "Accept": "*/*",
        "Accept-Encoding": "deflate, gzip",
        "Content-Type": "application/json",
        "Content-Length": str(len(body)),
        signature.HEADER: signature.sign(_APP_SECRET, body.encode()),
        "X-Forwarded-For": "192.0.2.1",
    }
    return Asked(headers, body, session, path)

"""Both sides of a conversation with a Flow endpoint: Meta, which serves its public key, and what answers the forms."""

import contextlib
import json
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from tests.pairs import old
from tests.servers.flow_endpoint import Reply
from whatsapp_flow_keys.errors import FlowMessageError
from whatsapp_flow_keys.flow_protocol.message import decrypt_request
from whatsapp_flow_keys.keys import PrivateKey

APP_SECRET = "secretOfTheAppForTestsOnly"


@dataclass
class Meta:
    """What serves the public key; counts how often it is asked."""

    pem: str | None = field(default_factory=lambda: old().public_key_pem)
    fetches: int = 0

    def __call__(self) -> str | None:
        self.fetches += 1
        return self.pem


@dataclass
class Business:
    """An endpoint's mind: its private keys, and what it was sent."""

    keys: list[PrivateKey] = field(default_factory=lambda: [old()])
    payloads: list[Any] = field(default_factory=list)
    aes_keys: list[bytes] = field(default_factory=list)
    answers_421: int = 0

    def __call__(self, body: bytes) -> Reply:
        try:
            payload, session = decrypt_request(self.keys, json.loads(body))
        except FlowMessageError:
            self.answers_421 += 1
            return 421, b""
        self.payloads.append(payload)
        self.aes_keys.append(session.aes_key)
        return 200, session.encrypt_answer({"screen": "SUCCESS"}).encode()


@contextlib.contextmanager
def raw_endpoint(at_once: bytes, drip: bytes = b"") -> Iterator[str]:
    """Its URL. It sends the bytes at once to each request; then `drip` for ever, or it hangs up where there is none."""
    over = threading.Event()
    threads: list[threading.Thread] = []

    def answer(connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError):
            connection.recv(65536)
            connection.sendall(at_once)
            while drip and not over.wait(0.02):
                connection.sendall(drip)

    def accept() -> None:
        with contextlib.suppress(OSError):
            while True:
                threads.append(threading.Thread(target=answer, args=(listening.accept()[0],)))
                threads[-1].start()

    with socket.create_server(("127.0.0.1", 0)) as listening:
        accepting = threading.Thread(target=accept)
        accepting.start()
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}/flows"
        finally:
            over.set()
            listening.shutdown(socket.SHUT_RDWR)
            accepting.join()
            for thread in threads:
                thread.join()

"""The emulator as a Python object: a server in threads of this process, and direct looks at its state."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import TYPE_CHECKING

from whatsapp_graph_emulator import fields
from whatsapp_graph_emulator.access import Access
from whatsapp_graph_emulator.emulation import Emulation
from whatsapp_graph_emulator.errors import NotRunning
from whatsapp_graph_emulator.journal import RequestEntry
from whatsapp_graph_emulator.number import Number, read_key_field, read_options
from whatsapp_graph_emulator.phone_numbers import Numbers
from whatsapp_graph_emulator.settings import Settings
from whatsapp_graph_emulator.state_file import StateFile

if TYPE_CHECKING:
    from whatsapp_graph_emulator.flow_client import FlowClient


class Emulator:
    """Meta's Graph API for the encryption key, and AWS's two operations, on loopback, while the `with` block runs.

    `tokens` are the access tokens that may call; at least one. An entry of `numbers` is a phone number ID or a
    mapping `{"id", "registered", "deleted", "shape", "no_key", "tokens"}`. With `app_secret` every call needs an
    `appsecret_proof`. `accounts` are IDs of WhatsApp Business accounts, which have no key. With `state` (a path)
    numbers and keys survive a restart; without it nothing is written. `port` 0 picks a free one. Every method may be
    called from any thread.

    Raises `SettingsError` or `BadField` at once for wrong arguments; `start` raises `StateFileError` and `PortTaken`.
    The methods raise `NotRunning` outside of the `with` block, and `UnknownNumber` for a number that was not added.
    """

    def __init__(
        self,
        *,
        tokens: Sequence[str],
        numbers: Sequence[str | Mapping[str, object] | Number] = (),
        app_secret: str | None = None,
        accounts: Sequence[str] = (),
        state: str | os.PathLike[str] | None = None,
        port: int = 0,
    ) -> None:
        self._settings = Settings.of(numbers=numbers, tokens=tokens, app_secret=app_secret)
        self._accounts = tuple(accounts)
        self._state_file = StateFile(state) if state is not None else None
        self._port = port
        self._running: Emulation | None = None

    def __enter__(self) -> Emulator:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Listens when it returns. Raises `StateFileError` or `PortTaken`, and then holds nothing."""
        # Flask takes a while to import and only a running server needs it.
        from whatsapp_graph_emulator.server import HOST, Server

        numbers = Numbers(self._state_file, self._accounts)
        server = Server(self._port)
        try:
            numbers.adopt(self._settings.numbers)
            emulation = Emulation(numbers, Access(self._settings.tokens, self._settings.app_secret))
            server.start(emulation)
        except BaseException:
            server.abandon()
            raise
        self._server, self._running = server, emulation
        self._url = f"http://{HOST}:{server.port}"

    def stop(self) -> None:
        """Nothing listens and nothing is written any more when it returns. Does nothing if not running."""
        if self._running is not None:
            emulation, self._running = self._running, None
            emulation.end()
            self._server.stop()

    @property
    def url(self) -> str:
        """`http://127.0.0.1:PORT`, without a version and without a slash at the end."""
        self._emulation()
        return self._url

    def add_number(self, phone_number_id: str, **options: object) -> None:
        """Adds the number, or changes a known one. Options: `registered`, `deleted` (bool), `shape` (array, object,
        flat), `no_key` (blank, absent, empty), `tokens` (those with a right to it, None for all)."""
        emulation = self._emulation()
        fields.phone_number_id("phone_number_id", phone_number_id)
        emulation.numbers.put(phone_number_id, read_options(options, emulation.access.tokens))

    def served(self, phone_number_id: str) -> tuple[str | None, str | None, str | None]:
        """PEM and fingerprint (lower-case hex SHA-256 of the SPKI) of the registered key and its signature status:
        `(None, None, "MISMATCH")` where no key is set, three None where there is no such number."""
        number = self._emulation().numbers.find(phone_number_id)
        if number is None:
            return None, None, None
        key = number.public_key
        return (key.pem, key.fingerprint, number.signature_status) if key else (None, None, number.signature_status)

    def flow_client(self, phone_number_id: str, endpoint_url: str, app_secret: str | None = None) -> FlowClient:
        """One person's WhatsApp with a Flow of this number open: it encrypts with the key that is served here, whatever
        its signature status. Raises `BadField` for a wrong URL."""
        # requests takes a while to import and only a client needs it.
        from whatsapp_graph_emulator.flow_client import FlowClient

        self._emulation().numbers.get(phone_number_id)
        return FlowClient(endpoint_url, lambda: self.served(phone_number_id)[0], app_secret=app_secret)

    def set_key(self, phone_number_id: str, pem: str | None) -> None:
        """Registers a key as another tool would, without a token; None clears it. Raises `BadField`."""
        key = None if pem is None else read_key_field("public_key", pem)
        self._emulation().numbers.set_key(phone_number_id, key)

    def reregister(self, phone_number_id: str) -> None:
        """Registers the number again: its key stays, its signature status becomes MISMATCH."""
        self._emulation().numbers.reregister(phone_number_id)

    def expire_token(self, token: str) -> None:
        """From now on the token gets code 190 with subcode 463."""
        self._emulation().access.expire(fields.text("token", token))

    def fault(self, kind: str, **asked: object) -> int:
        """Arms a fault and returns its id; raises `BadField`.

        Kinds: `error` and `error_after` (with `code`, and `status`, `subcode`, `message`, `type`, `is_transient`,
        `retry_after`, `headers` where Meta's documented ones are not wanted; or for AWS's operations with `aws_code`,
        and `status`, `message` where its documented ones are not wanted), `delay`, `late_commit`, `stale_read`,
        `drip` (each with `seconds`), `keyless_read` (with `shape` and `no_key` where the number's are not wanted),
        `wrong_date` (with `seconds_ahead`), `lost_answer`, `no_effect`, `cut_body`, `refuse`. Any kind:
        `phone_number_id`, `method` (GET, POST), `times` (None: until cleared), `after` (requests to leave alone first),
        `every` (meets each nth). See the module `faults`.
        """
        return self._emulation().faults.add({"kind": kind, **asked})

    def clear_faults(self) -> None:
        self._emulation().faults.clear()

    def requests(self, phone_number_id: str | None = None, method: str | None = None) -> list[RequestEntry]:
        """The Graph requests since the start or the last `clear_requests`, oldest first."""
        return self._emulation().journal.entries(phone_number_id, method)

    def clear_requests(self) -> None:
        self._emulation().journal.clear()

    def _emulation(self) -> Emulation:
        if self._running is None:
            raise NotRunning("The emulator is not running: use it inside its with block, or call start first.")
        return self._running

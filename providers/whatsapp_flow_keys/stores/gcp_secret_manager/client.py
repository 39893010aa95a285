"""The calls about one secret: attempts, time limits, checksums. What is sent and answered stays out of logs."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import whatsapp_flow_keys.stores.gcp_secret_manager.connection as connection
from whatsapp_flow_keys.client_library import ATTEMPTS, seconds_per_attempt, seconds_per_call
from whatsapp_flow_keys.clock import SystemClock
from whatsapp_flow_keys.errors import StoreUnavailableError
from whatsapp_flow_keys.extras import unlogged
from whatsapp_flow_keys.stores.gcp_secret_manager.address import GcpSecret
from whatsapp_flow_keys.stores.gcp_secret_manager.refusals import PASSING, SecretNotFoundError, as_ours, status_of
from whatsapp_flow_keys.stores.gcp_secret_manager.settings import Settings
from whatsapp_flow_keys.stores.gcp_secret_manager.versions import Version

_FIRST_PAUSE = 0.1
_TALKATIVE = "google.cloud.secretmanager_v1.services.secret_manager_service.transports.grpc"
"""The logger that shows whole requests and answers, private keys in them."""


class SecretCalls:
    """Calls about one secret over one channel. Each raises :class:`StoreUnavailableError` and its kinds."""

    def __init__(self, secret: GcpSecret, client: Any) -> None:
        """``client``: the official one, connected."""
        self._secret, self._client = secret, client

    @classmethod
    @contextmanager
    def connected(cls, secret: GcpSecret) -> Iterator["SecretCalls"]:
        """For as long as the context is open. Raises as :func:`connection.connected`."""
        with unlogged(_TALKATIVE), connection.connected(secret.url) as client:
            yield cls(secret, client)

    @property
    def url(self) -> str:
        """Of the secret, which begins every error."""
        return self._secret.url

    def access(self, version: str) -> Version | None:
        """A version by its number, or ``latest``; None where there is none. Raises where it is disabled."""
        name = f"{self._secret.id}/versions/{version}"
        try:
            answer = self._ask(
                "versions.access", lambda **limits: self._client.access_secret_version(name=name, **limits)
            )
        except SecretNotFoundError:
            return None
        data = bytes(answer.payload.data)
        if answer.payload.data_crc32c and answer.payload.data_crc32c != _checksum(data):
            raise StoreUnavailableError(self._secret.url, "the answer was damaged on its way here; run again")
        return Version(_number_in(answer.name), answer.name, data)

    def add(self, data: bytes, expected: int) -> int:
        """Adds a version; its number. If that is ``expected``, nobody has added one meanwhile.

        A call whose answer got lost is not made again before it is known that it added nothing.
        """
        payload, clock = {"data": data, "data_crc32c": _checksum(data)}, SystemClock()
        for attempt in range(ATTEMPTS):
            try:
                answer = self._once(
                    "versions.add",
                    lambda **limits: self._client.add_secret_version(parent=self._secret.id, payload=payload, **limits),
                )
            except _PassingError as passing:
                there = self.access(str(expected))
                if there is not None and there.data == data:
                    return expected
                if attempt == ATTEMPTS - 1:
                    raise passing.meant from None
                clock.sleep(_FIRST_PAUSE * 2**attempt)
                continue
            number = _number_in(answer.name)
            there = self.access(str(expected)) if attempt and number != expected else None
            return expected if there is not None and there.data == data else number
        raise AssertionError("the last attempt returns or raises")

    def create(self, settings: Settings) -> None:
        """Makes the secret, without a version."""
        parent, secret_id = f"projects/{self._secret.project}", self._secret.name
        secret = {**_marks(settings), "replication": settings.replication}
        self._ask(
            "secrets.create",
            lambda **limits: self._client.create_secret(parent=parent, secret_id=secret_id, secret=secret, **limits),
        )

    def settings(self) -> Settings:
        """What surrounds the versions."""
        name = self._secret.id
        return Settings.found(self._ask("secrets.get", lambda **limits: self._client.get_secret(name=name, **limits)))

    def set_marks(self, settings: Settings) -> None:
        """Gives the secret these labels and annotations and no others, if they are still as they were found."""
        secret = {**_marks(settings), "name": self._secret.id, "etag": settings.etag}
        mask = {"paths": ["labels", "annotations"]}
        self._ask(
            "secrets.update",
            lambda **limits: self._client.update_secret(secret=secret, update_mask=mask, **limits),
        )

    def delete(self, etag: str) -> None:
        """Deletes the secret with all its versions, for good, if its settings still have this etag.

        The call is made once, so that no second one meets what others make meanwhile under that name.
        """
        request = {"name": self._secret.id, "etag": etag}
        try:
            self._once("secrets.delete", lambda **limits: self._client.delete_secret(request=request, **limits))
        except _PassingError as passing:
            with suppress(SecretNotFoundError):
                self.settings()
                raise passing.meant from None

    def _ask(self, permission: str, call: Callable[..., Any]) -> Any:
        """What Google answers; faults that may pass are met by asking again."""
        clock = SystemClock()
        ends = clock.monotonic() + seconds_per_call()
        for attempt in range(ATTEMPTS):
            try:
                return self._once(permission, call)
            except _PassingError as passing:
                if attempt == ATTEMPTS - 1 or clock.monotonic() >= ends:
                    raise passing.meant from None
            clock.sleep(_FIRST_PAUSE * 2**attempt)
        raise AssertionError("the last attempt returns or raises")

    def _once(self, permission: str, call: Callable[..., Any]) -> Any:
        from google.api_core.exceptions import GoogleAPICallError

        try:
            return call(timeout=seconds_per_attempt(), retry=None)
        except GoogleAPICallError as error:  # its text may quote what was sent
            ours, status = as_ours(self._secret.url, error, f"secretmanager.{permission}"), status_of(error)
        if status in PASSING:
            raise _PassingError(ours)
        if status == "UNAUTHENTICATED":
            connection.forget()
        raise ours from None


class _PassingError(Exception):
    """A fault that may pass; ``meant`` is what it is if it doesn't."""

    def __init__(self, meant: StoreUnavailableError) -> None:
        super().__init__(str(meant))
        self.meant = meant


def _marks(settings: Settings) -> dict[str, Any]:
    return {"labels": dict(settings.labels), "annotations": dict(settings.annotations)}


def _number_in(name: str) -> int:
    return int(name.rpartition("/")[2])


def _checksum(data: bytes) -> int:
    import google_crc32c

    return int(google_crc32c.value(data))

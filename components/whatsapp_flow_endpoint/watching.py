"""What an endpoint tells of its work, for dashboards and alerts: to OpenTelemetry, where its API is installed.

The classes here are what the kit calls, and tell nobody; those that do are in
:mod:`whatsapp_flow_endpoint.open_telemetry`. None is given anything of a form, a secret, or an exception's text.
"""

import logging
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from functools import cache
from types import TracebackType
from typing import Protocol, Self

from whatsapp_flow_keys.ring import Role

_LOG = logging.getLogger("whatsapp_flow_endpoint")

FORM, PING, ERROR_NOTICE, UNREAD = "form", "ping", "error_notice", "unread"
"""What a request can be; unread is one that was refused, or not decrypted, before its kind was known."""
KEYS, SAME_REQUEST = "keys", "same_request"
"""What a request can wait for, beside a thread: other keys, the answer to the same request."""

Current = Callable[[], AbstractContextManager[None]]
"""Makes a context within which what is begun counts as begun by the handler."""

_NOTHING = nullcontext()


def nothing() -> AbstractContextManager[None]:
    """Within it all is as outside."""
    return _NOTHING


class RequestWatch:
    """Is told what becomes of a request: entered when it arrives, left with its answer, and not entered where somebody
    else answers. One thread at a time may use it."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return None

    def tried(self, keys: int) -> None:
        """So many keys were tried on it."""

    def opened(self, fingerprint: str, role: Role | None, phone_number_id: str | None) -> None:
        """This key opened it. No role, or no number, where the endpoint doesn't know it."""

    def is_a(self, kind: str) -> None:
        """Its kind, of those above."""

    def waits(self, reason: str) -> AbstractContextManager[object]:
        """To be held while it waits for keys or for the same request."""
        return _NOTHING

    def handled(self) -> AbstractContextManager[Current]:
        """To be held while its handler is at work; left with the exception that the handler raised."""
        return _HANDLED

    def answered(self, status: int) -> None:
        """Its answer has this status. A request that is left without one was given up by whoever sent it."""


class AgingKeys(Protocol):
    """The keys of a number that are read from a store again and again."""

    @property
    def phone_number_id(self) -> str:
        """Whose they are."""

    @property
    def age(self) -> float:
        """Seconds since the last read that gave them."""


class Watch:
    """Is told what an endpoint does. Thread-safe, and a process that has one may fork."""

    def request(self) -> RequestWatch:
        """Of a request that came in."""
        return _UNWATCHED

    def reading(self, phone_number_id: str) -> AbstractContextManager[object]:
        """To be held while the keys of this number are read; left with the exception that says why they were not."""
        return _NOTHING

    def aging(self, keys: AgingKeys) -> None:
        """Their age is worth a look from now on, for as long as they live."""

    def waiting_for_a_thread(self, threads: str, change: int) -> None:
        """So many requests more, or fewer, wait for one of these threads."""


@cache
def watch_of_this_process() -> Watch:
    """OpenTelemetry's, or one that tells nobody: one for all endpoints, as its providers are."""
    try:
        from whatsapp_flow_endpoint.open_telemetry import OpenTelemetryWatch

        return OpenTelemetryWatch()
    except ModuleNotFoundError:
        return Watch()
    except (ImportError, TypeError):
        _LOG.warning(
            "the opentelemetry-api that is installed is too old, so this endpoint tells it nothing: "
            'pip install "whatsapp-flow-encryption[otel]"'
        )
        return Watch()


_UNWATCHED, _HANDLED = RequestWatch(), nullcontext(nothing)

"""One request on its way to its answer: signature, shape, decryption, handler, encryption.

It never raises for what a request holds, and logs why it answers as it does without a word of the form.
"""

import concurrent.futures
import inspect
import logging
import traceback
from collections.abc import Awaitable, Callable, Generator, Mapping
from dataclasses import dataclass, field
from typing import Any

from whatsapp_flow_endpoint.answer import (
    SIGNATURE_REFUSED,
    TOKEN_NO_LONGER_VALID,
    UNDECRYPTABLE,
    Answer,
    FlowTokenNoLongerValid,
)
from whatsapp_flow_endpoint.awaited import Awaited
from whatsapp_flow_endpoint.flow_keys import FlowKeys
from whatsapp_flow_endpoint.flow_request import PING, FlowRequest
from whatsapp_flow_endpoint.live_keys import LiveKeys
from whatsapp_flow_endpoint.trouble import not_json, wrong_hash
from whatsapp_flow_keys.clock import Clock
from whatsapp_flow_keys.errors import FlowMessageError, NoKeyOpensError
from whatsapp_flow_keys.flow_protocol import signature
from whatsapp_flow_keys.flow_protocol.message import SealedRequest, Session, strict_json

_LOG = logging.getLogger("whatsapp_flow_endpoint")

LONGEST_WAIT = 3.0
"""Seconds that a request which no key opens waits for the keys to be read again; WhatsApp waits 10 in all."""

_MOST_FRAMES, _LONGEST_TRACE = 40, 100
"""Lines of one exception, and after which no cause is begun, for a handler that recursed or retried for long."""

Handler = Callable[[FlowRequest], Mapping[str, Any] | Awaitable[Mapping[str, Any]]]


@dataclass(frozen=True)
class Policy:
    """What an endpoint does with its requests; without ``app_secrets`` the signature is not looked at."""

    handler: Handler
    on_ping: Handler
    on_error_notice: Handler
    app_secrets: tuple[str, ...] = field(repr=False)


@dataclass(frozen=True)
class Pending:
    """Before the exchange can go on: the end of a read of the keys, and for how many seconds to wait for it."""

    read: concurrent.futures.Future[None]
    seconds: float

    def wait(self) -> None:
        """Blocks this thread."""
        concurrent.futures.wait([self.read], timeout=self.seconds)

    async def ready(self) -> None:
        """Waits in this event loop."""
        import asyncio

        await asyncio.wait([asyncio.wrap_future(self.read)], timeout=self.seconds)


class Exchange:
    """Call :meth:`advance` until it gives an :class:`Answer`; between, wait for each :class:`Pending` or
    :class:`Awaited`."""

    def __init__(
        self, policy: Policy, keys: LiveKeys, clock: Clock, given: str | None, body: bytes, *, holds_a_thread: bool
    ) -> None:
        """``given``: the signature header, None where there is none. ``body``: raw, as it was signed.
        ``holds_a_thread``: while it waits, a thread does."""
        self._policy, self._keys, self._clock, self._holds_a_thread = policy, keys, clock, holds_a_thread
        self._steps = self._go(given, body)

    def advance(self) -> Answer | Pending | Awaited:
        """Goes on for as long as nothing has to be waited for."""
        try:
            return next(self._steps)
        except StopIteration as end:
            answer: Answer = end.value
            return answer

    def _go(self, given: str | None, body: bytes) -> Generator[Pending | Awaited, None, Answer]:
        refusal = self._why_unsigned(given, body)
        if refusal:
            return _refused(SIGNATURE_REFUSED, refusal)
        try:
            sealed = SealedRequest.read(strict_json(body))
        except FlowMessageError as error:
            return _refused(400, str(error))
        except ValueError:
            return _refused(400, "the body is not JSON")
        try:
            payload, session = yield from self._open(sealed)
        except NoKeyOpensError as error:
            return _refused(UNDECRYPTABLE, wrong_hash(sealed, self._keys.now.keys) or self._no_key(error))
        except FlowMessageError as error:
            return _refused(UNDECRYPTABLE, str(error))
        try:
            request = FlowRequest.read(payload)
        except FlowMessageError as error:
            return _refused(400, str(error))
        return (yield from self._answer(request, session))

    def _no_key(self, error: NoKeyOpensError) -> str:
        failure = self._keys.failure_to_name()
        return f"{error}. The keys could not be read again: {failure}" if failure else str(error)

    def _why_unsigned(self, given: str | None, body: bytes) -> str | None:
        if not self._policy.app_secrets:
            return None
        if given is None:
            return f"the request has no {signature.HEADER}; is the endpoint connected to your app?"
        if not signature.is_signed(given, body, self._policy.app_secrets):
            return "the signature is not by WHATSAPP_APP_SECRET; is that the secret of the app connected to the Flow?"
        return None

    def _open(self, sealed: SealedRequest) -> Generator[Pending, None, tuple[Any, Session]]:
        """Waits for as long as keys that are read from now on may open it."""
        self._keys.refresh()
        arrived = self._clock.monotonic()
        while True:
            keys = self._keys.now
            try:
                return sealed.open(keys.keys)
            except NoKeyOpensError:
                if not (yield from self._others(keys, arrived)):
                    raise

    def _others(self, keys: FlowKeys, arrived: float) -> Generator[Pending, None, bool]:
        """Waits until other keys than these are held; False if a read since the request ``arrived`` gave none."""
        while True:
            read = self._keys.read_after(arrived, holds_a_thread=self._holds_a_thread)
            left = arrived + LONGEST_WAIT - self._clock.monotonic()
            if keys is not self._keys.now:
                return True
            if read is None or left <= 0:
                return False
            yield Pending(read.ended, min(left, read.seconds))

    def _answer(self, request: FlowRequest, session: Session) -> Generator[Awaited, None, Answer]:
        try:
            answer: Any = self._handler_of(request)(request)
            if inspect.isawaitable(answer):
                yield (awaited := Awaited(answer))
                if awaited.error:
                    raise awaited.error
                answer = awaited.answer
            if not isinstance(answer, Mapping):
                return _refused(500, f"the handler returned a {type(answer).__name__}, not a dict", logging.ERROR)
            status = 200
        except FlowTokenNoLongerValid as no_longer:
            answer, status = {"error_msg": no_longer.message}, TOKEN_NO_LONGER_VALID
        except Exception as error:  # noqa: BLE001 - whatever a handler raises is a 500
            return _refused(500, _where_it_failed(error), logging.ERROR)
        try:
            return Answer(status, session.encrypt_answer(answer))
        except (TypeError, ValueError, RecursionError):
            return _refused(500, not_json(answer), logging.ERROR)

    def _handler_of(self, request: FlowRequest) -> Handler:
        if request.action == PING:
            return self._policy.on_ping
        if request.error is not None:
            return self._policy.on_error_notice
        return self._policy.handler


def _refused(status: int, why: str, level: int = logging.WARNING) -> Answer:
    _LOG.log(level, "answered %s: %s", status, why)
    return Answer(status)


def _where_it_failed(error: BaseException) -> str:
    """The traceback without the exceptions' texts and without values: both may hold what a person typed."""
    lines = [f"the handler raised {type(error).__name__}", *_frames(error)]
    cause, told = _cause(error), [error]
    while cause is not None and cause not in told and len(lines) < _LONGEST_TRACE:  # a cause may lead back
        lines += [f"from {type(cause).__name__}", *_frames(cause)]
        told.append(cause)
        cause = _cause(cause)
    return "\n".join(lines)


def _cause(error: BaseException) -> BaseException | None:
    return error.__cause__ or (None if error.__suppress_context__ else error.__context__)


def _frames(error: BaseException) -> list[str]:
    """The innermost ones, without this module's."""
    frames = traceback.extract_tb(error.__traceback__, limit=-_MOST_FRAMES)
    return [f"  {frame.filename}:{frame.lineno} in {frame.name}" for frame in frames if frame.filename != __file__]

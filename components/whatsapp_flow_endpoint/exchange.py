"""One request on its way to its answer: signature, shape, decryption, handler, encryption.

It never raises for what a request holds, and logs why it answers as it does without a word of the form.
"""

import inspect
import logging
import traceback
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from threading import current_thread, main_thread
from typing import Any

from whatsapp_flow_endpoint.answer import (
    BUSY,
    SIGNATURE_REFUSED,
    TOKEN_NO_LONGER_VALID,
    UNDECRYPTABLE,
    Answer,
    FlowTokenNoLongerValid,
)
from whatsapp_flow_endpoint.answered import Answered
from whatsapp_flow_endpoint.awaited import Awaited
from whatsapp_flow_endpoint.flow_request import ERROR_NAMES, PING, FlowRequest
from whatsapp_flow_endpoint.log_lines import LogLines
from whatsapp_flow_endpoint.numbers import Numbers
from whatsapp_flow_endpoint.opening import Opening, why_none_opens
from whatsapp_flow_endpoint.steps import Pending, Steps, Work
from whatsapp_flow_endpoint.trouble import Diagnosis, not_json, wrong_hash
from whatsapp_flow_endpoint.watching import ERROR_NOTICE, FORM, SAME_REQUEST, Watch
from whatsapp_flow_keys.clock import Clock
from whatsapp_flow_keys.errors import FlowMessageError, NoKeyOpensError, StoreError
from whatsapp_flow_keys.flow_protocol import signature
from whatsapp_flow_keys.flow_protocol.message import SealedRequest, Session, strict_json

LONGEST_FOR_THE_FIRST = 5.0
"""Seconds that a request waits for the answer to the same one, which came before it."""

_DIAGNOSED = 10
"""So many keys are tried in other ways, for the log to say why none opens a request; an endpoint may hold hundreds."""

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

    def handler_of(self, kind: str) -> Handler:
        """Of a form, a ping or an error notice."""
        if kind == FORM:
            return self.handler
        return self.on_ping if kind == PING else self.on_error_notice


@dataclass(frozen=True)
class Shared:
    """What all requests of an endpoint share."""

    policy: Policy
    keys: Numbers
    clock: Clock
    diagnosis: Diagnosis
    log: LogLines
    answered: Answered
    watch: Watch

    def keys_of(self, phone_number_id: str | None) -> Numbers | None:
        """Every number's without an ID; None where the ID is of no number that is held."""
        return self.keys if phone_number_id is None else self.keys.alone(phone_number_id)

    @classmethod
    def of(cls, policy: Policy, keys: Numbers, clock: Clock, watch: Watch) -> "Shared":
        """That of an endpoint which begins."""
        return cls(policy, keys, clock, Diagnosis(clock), LogLines(clock), Answered(clock), watch)


Step = Answer | Pending | Awaited | Work


@dataclass(frozen=True)
class Came:
    """What came in."""

    signature: str | None
    """The header's; None where there is none."""
    body: bytes = field(repr=False)
    """Raw, as it was signed."""
    phone_number_id: str | None = None
    """Whose keys alone may open it; None where the service doesn't know."""


class Exchange:
    """Call :meth:`advance` until it gives an :class:`Answer`; between, wait for each :class:`Pending` or
    :class:`Awaited`.

    Callers that must not block call :meth:`step`.
    """

    def __init__(self, shared: Shared, came: Came, *, holds_a_thread: bool) -> None:
        """``holds_a_thread``: while it waits, a thread does."""
        self._shared, self._policy, self._clock = shared, shared.policy, shared.clock
        self._holds_a_thread, self._watch = holds_a_thread, shared.watch.request()
        self._steps = self._watched(came)

    def advance(self) -> Answer | Pending | Awaited:
        """Goes on for as long as nothing has to be waited for."""
        while isinstance(step := self.step(), Work):
            pass
        return step

    def step(self) -> Step:
        """Goes on to the next :class:`Work` at most, and does that at the next call; all else takes a moment only."""
        try:
            return next(self._steps)
        except StopIteration as end:
            answer: Answer = end.value
            return answer

    def give_up(self, why: str) -> Answer:
        """What to answer instead of going on: the caller is too busy, as ``why`` says."""
        answer = self._refused(BUSY, why)
        self._watch.answered(answer.status)
        self._steps.close()
        return answer

    def close(self) -> None:
        """For callers that wait for the answer no longer; after it, nothing. What a thread is at goes on to its end."""
        with suppress(ValueError):  # a thread is at it
            self._steps.close()

    def _watched(self, came: Came) -> Steps[Answer]:
        with self._watch:
            answer = yield from self._go(came)
            self._watch.answered(answer.status)
            return answer

    def _go(self, came: Came) -> Steps[Answer]:
        refusal = self._why_unsigned(came)
        if refusal:
            return self._refused(SIGNATURE_REFUSED, refusal)
        keys = self._shared.keys_of(came.phone_number_id)
        if keys is None:
            return self._refused(404, f"no keys of phone number {str(came.phone_number_id)[:40]!r} are held here")
        try:
            sealed = SealedRequest.read(strict_json(came.body))
        except FlowMessageError as error:
            return self._refused(400, str(error))
        except ValueError:
            return self._refused(400, "the body is not JSON")
        try:
            opened = yield from Opening(sealed, keys, self._clock, self._watch, self._holds_a_thread).steps()
        except StoreError as error:
            return self._refused(BUSY, f"the key service could not be used: {error}", logging.ERROR)
        except NoKeyOpensError as error:
            why = (yield from self._diagnosed(sealed, keys)) or why_none_opens(error, keys)
            return self._refused(UNDECRYPTABLE, why)
        except FlowMessageError as error:
            return self._refused(UNDECRYPTABLE, str(error))
        number, role = keys.opened(opened.key)
        self._watch.opened(opened.key.fingerprint, role, number)
        try:
            request = FlowRequest.read(opened.payload, sealed.id, number)
        except FlowMessageError as error:
            return self._refused(400, str(error))
        kind = _kind(request)
        self._watch.is_a(kind)
        return (yield from self._once(request, kind, opened.session))

    def _once(self, request: FlowRequest, kind: str, session: Session) -> Steps[Answer]:
        """The answer that this very request was given before; if there is none, the handler's."""
        answered, waits_until = self._shared.answered, self._clock.monotonic() + LONGEST_FOR_THE_FIRST
        while before := answered.begin(request.id):
            if isinstance(before, Answer):
                self._shared.log.say("the same request came again", "it got the same answer", logging.INFO)
                return before
            left = waits_until - self._clock.monotonic()
            if left <= 0:
                return self._refused(BUSY, "the same request came before, and its handler has not ended")
            with self._watch.waits(SAME_REQUEST):
                yield Pending(before, left)
        answer, handler = None, self._policy.handler_of(kind)
        try:
            if kind == ERROR_NOTICE:
                self._say_notice(request)
            if not inspect.iscoroutinefunction(handler):
                yield Work.PING if kind == PING else Work.FORM
            answer = yield from self._answer(request, session, handler)
        finally:
            answered.end(request.id, answer)
        return answer

    def _diagnosed(self, sealed: SealedRequest, keys: Numbers) -> Steps[str | None]:
        if not self._shared.diagnosis.is_due():
            return None
        yield Work.OPENING
        return wrong_hash(sealed, keys.likeliest_first()[:_DIAGNOSED])

    def _why_unsigned(self, came: Came) -> str | None:
        if not self._policy.app_secrets:
            return None
        if came.signature is None:
            return f"the request has no {signature.HEADER}; is the endpoint connected to your app?"
        if not signature.is_signed(came.signature, came.body, self._policy.app_secrets):
            return "the signature is not by WHATSAPP_APP_SECRET; is that the secret of the app connected to the Flow?"
        return None

    def _answer(self, request: FlowRequest, session: Session, handler: Handler) -> Steps[Answer]:
        try:
            answer = yield from self._handled(request, handler)
            if not isinstance(answer, Mapping):
                return self._refused(500, f"the handler returned a {type(answer).__name__}, not a dict", logging.ERROR)
            status = 200
        except FlowTokenNoLongerValid as no_longer:
            answer, status = {"error_msg": no_longer.message}, TOKEN_NO_LONGER_VALID
        except GeneratorExit:  # nobody waits for the async handler's answer any more
            raise
        except BaseException as error:
            if not isinstance(error, Exception) and current_thread() is main_thread():
                raise  # there a server's signals arrive, as SystemExit in the midst of a handler
            return self._refused(500, _where_it_failed(error), logging.ERROR)
        try:
            return Answer(status, session.encrypt_answer(answer))
        except Exception:  # noqa: BLE001 - a dict of the handler's own kind may raise anything, with anything in its text
            return self._refused(500, not_json(answer, request.data), logging.ERROR)

    def _handled(self, request: FlowRequest, handler: Handler) -> Steps[Any]:
        """What the handler returns. Raises what it raises."""
        with self._watch.handled() as current:
            with current():
                answer: Any = handler(request)
            if inspect.isawaitable(answer):
                yield (awaited := Awaited(answer, current))
                if awaited.error:
                    raise awaited.error
                return awaited.answer
            return answer

    def _say_notice(self, notice: FlowRequest) -> None:
        name = (
            notice.error
            if notice.error in ERROR_NAMES
            else "an error that Meta doesn't list; on_error_notice= gets its name"
        )
        why = f"screen {str(notice.screen)[:80]!r}: {name}"
        self._shared.log.say("WhatsApp's client could not use the last answer", why, logging.ERROR)

    def _refused(self, status: int, why: str, level: int = logging.WARNING) -> Answer:
        self._shared.log.say(f"answered {status}", why, level)
        return Answer(status)


def _kind(request: FlowRequest) -> str:
    if request.action == PING:
        return PING
    return FORM if request.error is None else ERROR_NOTICE


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

"""What each kind of fault does to a call of the edge. Which fault meets which call is in `faults`."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from email.utils import formatdate

from whatsapp_graph_emulator.answers import Answer, HangUp, Refusal
from whatsapp_graph_emulator.aws_edge import AwsCall
from whatsapp_graph_emulator.edge import Performed, as_it_is
from whatsapp_graph_emulator.emulation import Emulation
from whatsapp_graph_emulator.faults import (
    CUT_BODY,
    DELAY,
    DRIP,
    ERROR,
    ERROR_AFTER,
    KEYLESS_READ,
    LATE_COMMIT,
    LOST_ANSWER,
    NO_EFFECT,
    REFUSE,
    STALE_READ,
    WRONG_DATE,
    Fault,
    Meeting,
)
from whatsapp_graph_emulator.number import Number
from whatsapp_graph_emulator.public_keys import PublicKey


def answer_to(call: Performed, emulation: Emulation) -> Answer:
    """The answer, by the faults that the call meets.

    Raises `Refusal` where an error is answered, `HangUp` where nothing is.
    """
    before = emulation.numbers.before_last_post(call.phone_number_id or "")
    met = Meeting(call.phone_number_id, call.method, before[1] if before else None, isinstance(call, AwsCall))
    for fault in emulation.faults.met_by(met):
        if fault.kind != DELAY:
            return _Faulty(call, emulation, fault).answer()
        emulation.pause(fault.seconds)
    return call.perform(emulation.numbers, emulation.access)


class _Faulty:
    """A call that meets a fault which decides its answer."""

    def __init__(self, call: Performed, emulation: Emulation, fault: Fault) -> None:
        self._call, self._emulation, self._fault = call, emulation, fault

    def answer(self) -> Answer:
        by_kind: dict[str, Callable[[], Answer]] = {
            ERROR: self._error,
            ERROR_AFTER: self._error_after,
            LOST_ANSWER: self._lost_answer,
            LATE_COMMIT: self._late_commit,
            NO_EFFECT: lambda: self._perform(publish=_nothing),
            STALE_READ: lambda: self._perform(seen=self._before_the_last_post),
            KEYLESS_READ: lambda: self._perform(seen=self._without_key),
            CUT_BODY: lambda: replace(self._performed(), delivered=_half),
            DRIP: lambda: replace(self._performed(), delivered=self._drops),
            WRONG_DATE: self._at_another_time,
            REFUSE: self._refuse,
        }
        return by_kind[self._fault.kind]()

    def _perform(
        self,
        seen: Callable[[Number], Number] = as_it_is,
        publish: Callable[[str, PublicKey], None] | None = None,
    ) -> Answer:
        return self._call.perform(self._emulation.numbers, self._emulation.access, seen=seen, publish=publish)

    def _performed(self) -> Answer:
        """The answer, also where it is an error."""
        try:
            return self._perform()
        except Refusal as error:
            return error.answer()

    def _commit(self) -> None:
        with contextlib.suppress(Refusal):
            self._perform()

    def _error(self) -> Answer:
        assert self._fault.error is not None  # `read_fault` sees to it
        raise self._fault.error

    def _error_after(self) -> Answer:
        self._commit()
        return self._error()

    def _lost_answer(self) -> Answer:
        self._commit()
        raise HangUp("answer lost on demand")

    def _late_commit(self) -> Answer:
        self._emulation.later(self._fault.seconds, self._commit)
        raise HangUp("committed late on demand")

    def _at_another_time(self) -> Answer:
        answer = self._performed()
        date = formatdate(time.time() + self._fault.seconds_ahead, usegmt=True)
        return replace(answer, headers={**answer.headers, "Date": date})

    def _refuse(self) -> Answer:
        raise HangUp("refused on demand")

    def _before_the_last_post(self, number: Number) -> Number:
        before = self._emulation.numbers.before_last_post(number.id)
        if before is None:
            return number
        return replace(number, public_key=before[0].public_key, signature_status=before[0].signature_status)

    def _without_key(self, number: Number) -> Number:
        return replace(number.with_key(None), **self._fault.keyless)

    def _drops(self, body: bytes) -> Iterable[bytes]:
        yield body[:1]
        for byte in body[1:]:
            self._emulation.pause(self._fault.seconds / len(body))
            yield bytes([byte])


def _nothing(_phone_number_id: str, _key: PublicKey) -> None:
    pass


def _half(body: bytes) -> Iterable[bytes]:
    return [body[: len(body) // 2]]

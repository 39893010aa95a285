"""The phone numbers of a running emulator: one lock, every change saved before it is seen."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Iterable
from dataclasses import replace
from typing import Any

from whatsapp_graph_emulator.errors import NotRunning, UnknownNumber
from whatsapp_graph_emulator.number import Number
from whatsapp_graph_emulator.public_keys import PublicKey
from whatsapp_graph_emulator.state_file import StateFile


class Numbers:
    """The numbers by id, and the ids of `accounts`, which have no key. Safe to use from many threads.

    With a state file each change is on the disk before a reader can see it; without one nothing is written.
    """

    def __init__(self, state_file: StateFile | None = None, accounts: Collection[str] = ()) -> None:
        self.accounts = frozenset(accounts)
        self._lock = threading.Lock()
        self._state_file = state_file
        self._numbers = {number.id: number for number in state_file.load()} if state_file else {}
        self._before_last_post: dict[str, tuple[Number, float]] = {}
        self._closed = False

    def adopt(self, configured: Iterable[Number]) -> None:
        """Adds the configured numbers and saves. A known one keeps its state and takes the configured tokens,
        which the state file does not hold."""
        with self._lock:
            numbers = dict(self._numbers)
            for number in configured:
                known = numbers.get(number.id)
                numbers[number.id] = replace(known, tokens=number.tokens) if known else number
            self._save(numbers)

    def all(self) -> list[Number]:
        with self._lock:
            return list(self._numbers.values())

    def find(self, phone_number_id: str) -> Number | None:
        with self._lock:
            return self._numbers.get(phone_number_id)

    def get(self, phone_number_id: str) -> Number:
        """Raises `UnknownNumber`."""
        number = self.find(phone_number_id)
        if number is None:
            raise UnknownNumber(phone_number_id)
        return number

    def put(self, phone_number_id: str, options: dict[str, Any]) -> Number:
        """Creates the number or changes it; `options` are fields of `Number`."""
        with self._lock:
            number = replace(self._numbers.get(phone_number_id, Number(phone_number_id)), **options)
            self._save(self._numbers | {number.id: number})
            return number

    def publish(self, phone_number_id: str, key: PublicKey) -> None:
        """Registers the key as a POST does; what was served before is remembered for stale reads."""
        with self._lock:
            before = self._numbers.get(phone_number_id)
            if before is None:
                raise UnknownNumber(phone_number_id)
            self._save(self._numbers | {phone_number_id: before.with_key(key)})
            self._before_last_post[phone_number_id] = (before, time.monotonic())

    def set_key(self, phone_number_id: str, key: PublicKey | None) -> Number:
        """Sets the key as another tool would, or clears it. Raises `UnknownNumber`."""
        return self._change(phone_number_id, lambda number: number.with_key(key))

    def reregister(self, phone_number_id: str) -> Number:
        """Registers the number again, which breaks its key's signature. Raises `UnknownNumber`."""
        return self._change(phone_number_id, Number.reregistered)

    def before_last_post(self, phone_number_id: str) -> tuple[Number, float] | None:
        """The number as it was before the last POST that was accepted, and the seconds since that POST."""
        with self._lock:
            remembered = self._before_last_post.get(phone_number_id)
        return (remembered[0], time.monotonic() - remembered[1]) if remembered else None

    def close(self) -> None:
        """Waits for a write under way; later changes raise `NotRunning`, so that an answer that was still being
        worked on cannot overwrite the state of an emulator started after this one."""
        with self._lock:
            self._closed = True

    def _change(self, phone_number_id: str, change: Callable[[Number], Number]) -> Number:
        with self._lock:
            if phone_number_id not in self._numbers:
                raise UnknownNumber(phone_number_id)
            number = change(self._numbers[phone_number_id])
            self._save(self._numbers | {number.id: number})
            return number

    def _save(self, numbers: dict[str, Number]) -> None:
        if self._closed:
            raise NotRunning("The emulator was stopped: nothing is changed any more.")
        if self._state_file:
            self._state_file.save(numbers.values())
        self._numbers = numbers

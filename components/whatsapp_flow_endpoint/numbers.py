"""The phone numbers that an endpoint serves, each with its live keys, and the order in which their keys are tried.

A request doesn't say which number it was sent to. So the key that opened one most recently is tried first: with one
number that is the right one, or during a rotation the second is; with several it depends on who writes. Where the
service knows the number, by the path or the host, that number's keys alone are tried.
"""

import logging
from collections.abc import Iterable, Mapping
from concurrent.futures import Future
from itertools import chain, zip_longest
from math import inf
from threading import Lock
from typing import NamedTuple

from whatsapp_flow_endpoint.flow_keys import FlowKeys
from whatsapp_flow_endpoint.live_keys import LiveKeys, Read
from whatsapp_flow_endpoint.watching import Watch
from whatsapp_flow_keys.client_library import at_most
from whatsapp_flow_keys.clock import SystemClock
from whatsapp_flow_keys.custody.decryption_key import DecryptionKey
from whatsapp_flow_keys.errors import InputError, StoreError
from whatsapp_flow_keys.key_source import KeySource, sources_from_env
from whatsapp_flow_keys.ring import Role

_LOG = logging.getLogger("whatsapp_flow_endpoint")

LONG_FOR_A_START, THEN_EACH = 10.0, 1.0
"""Seconds after which the start of an endpoint is late, and those that each further number then has for its read."""

_NAMED = 3
"""So many failures are put into one line of the log."""


class Place(NamedTuple):
    """Where a key stands: the number's ID, None where several numbers have that key; and its role in the ring."""

    phone_number_id: str | None
    role: Role | None


class _Order(NamedTuple):
    """Of the keys that were held when it was made."""

    held: tuple[FlowKeys, ...]
    keys: tuple[DecryptionKey, ...]
    places: Mapping[str, Place]
    """Of each key's fingerprint."""


class Numbers:
    """The keys of one phone number or more. Thread-safe."""

    def __init__(self, *lines: LiveKeys) -> None:
        """Raises :class:`InputError` where there is none, or two are of the same number."""
        ids = [line.now.phone_number_id for line in lines]
        if len(set(ids)) < max(1, len(ids)):
            raise InputError("keys: give those of one phone number or more, each number once")
        self._lines, self._lock = lines, Lock()
        self._order = _ordered((), tuple(line.now for line in lines))
        self._alone = {id_: self if len(lines) == 1 else Numbers(line) for id_, line in zip(ids, lines, strict=True)}

    @classmethod
    def of(cls, keys: "Numbers | LiveKeys | FlowKeys | Iterable[LiveKeys | FlowKeys]") -> "Numbers":
        """From what a program has."""
        if isinstance(keys, Numbers):
            return keys
        several = [keys] if isinstance(keys, LiveKeys | FlowKeys) else keys
        return cls(*(each if isinstance(each, LiveKeys) else LiveKeys(each) for each in several))

    @classmethod
    def from_env(cls, environ: Mapping[str, str] | None = None) -> "Numbers":
        """Those that ``WHATSAPP_FLOW_KEYS`` names. A number of several whose stores can't be read has no key until they
        can, which an error in the log says.

        Raises :class:`InputError` when the variable is missing or wrong, :class:`StoreError` when no number's keys can
        be read.
        """
        sources, late = sources_from_env(environ), SystemClock().monotonic() + LONG_FOR_A_START
        started = [_started(source, late) for source in sources]
        failures = [each for each in started if isinstance(each, StoreError)]
        if len(failures) == len(started):
            raise failures[0]
        return cls(*(_line(source, each) for source, each in zip(sources, started, strict=True)))

    def tell(self, watch: Watch) -> None:
        """Has it watch the reads of every number from now on."""
        for line in self._lines:
            line.tell(watch)

    def alone(self, phone_number_id: str) -> "Numbers | None":
        """One of these numbers, or None where it is none of them."""
        return self._alone.get(phone_number_id)

    @property
    def keys(self) -> tuple[DecryptionKey, ...]:
        """Every key that is held, each once, in the order of its ring."""
        every = (key for line in self._lines for key in line.now.keys)
        return tuple({key.fingerprint: key for key in every}.values())

    def likeliest_first(self) -> tuple[DecryptionKey, ...]:
        """Every key that is held, each once: those that opened a request before the others, the most recent first."""
        return self._now().keys

    def opened(self, key: DecryptionKey) -> Place:
        """Whose key opened a request; unknown where it is not held any more."""
        order = self._now()
        if order.keys and order.keys[0] is not key:
            with self._lock:
                rest = tuple(each for each in self._order.keys if each is not key)
                if len(rest) < len(self._order.keys):
                    self._order = self._order._replace(keys=(key, *rest))
        return order.places.get(key.fingerprint, Place(None, None))

    def refresh(self) -> None:
        """Has the keys of one number whose time has come read again, and doesn't wait for it; so the reads of many
        numbers are spread over the requests."""
        for line in self._lines:
            if line.refresh():
                return

    def read_after(self, moment: float, *, holds_a_thread: bool = False) -> Read | None:
        """As :meth:`LiveKeys.read_after`, for every number. Its end is that of all of them, or of one that gave new
        keys."""
        reads = [(line, line.read_after(moment, holds_a_thread=holds_a_thread)) for line in self._lines]
        under_way = [(line, read) for line, read in reads if read]
        if len(under_way) < 2:
            return under_way[0][1] if under_way else None
        ended = _End(len(under_way))
        for line, read in under_way:
            ended.counts(line, read)
        return Read(ended.future, min(read.seconds for _, read in under_way))

    def failure_to_name(self) -> str | None:
        """As :meth:`LiveKeys.failure_to_name`, for every number; a few by their words, the others by their count."""
        failures = [failure for line in self._lines if (failure := line.failure_to_name())]
        more = f" (and {len(failures) - _NAMED} more)" if len(failures) > _NAMED else ""
        return f"{'; '.join(failures[:_NAMED])}{more}" or None

    def finish_reading(self, until: float) -> None:
        """As :meth:`LiveKeys.finish_reading`, for every number."""
        for line in self._lines:
            line.finish_reading(until)

    def _now(self) -> _Order:
        order = self._order
        if all(line.now is held for line, held in zip(self._lines, order.held, strict=True)):
            return order
        with self._lock:
            self._order = _ordered(self._order.keys, tuple(line.now for line in self._lines))
            return self._order


def _ordered(before: tuple[DecryptionKey, ...], held: tuple[FlowKeys, ...]) -> _Order:
    """Keys of ``before`` stay in their order; then each number's first one, each number's second, and so on."""
    places: dict[str, Place] = {}
    keys: dict[str, DecryptionKey] = {}
    for of_number in held:
        for key in of_number.keys:
            mine = Place(of_number.phone_number_id, of_number.roles.get(key.fingerprint))
            others = places.get(key.fingerprint, mine)
            places[key.fingerprint] = mine if others.phone_number_id == mine.phone_number_id else Place(None, mine.role)
    for key in chain.from_iterable(zip_longest(*(of_number.keys for of_number in held))):
        if key is not None:
            keys.setdefault(key.fingerprint, key)
    known = {key.fingerprint: keys.pop(key.fingerprint) for key in before if key.fingerprint in keys}
    return _Order(held, (*known.values(), *keys.values()), places)


class _End:
    """When all reads have ended, or one of them gave new keys."""

    def __init__(self, reads: int) -> None:
        self.future: Future[None] = Future()
        self._left, self._lock = reads, Lock()

    def counts(self, line: LiveKeys, read: Read) -> None:
        """``read`` is one of them."""
        before = line.now.fingerprints
        read.ended.add_done_callback(lambda _: self._one_has(is_new=line.now.fingerprints != before))

    def _one_has(self, *, is_new: bool) -> None:
        with self._lock:
            self._left -= 1
            if (is_new or not self._left) and not self.future.done():
                self.future.set_result(None)


def _started(source: KeySource, late: float) -> FlowKeys | StoreError:
    """Its keys, or why they can't be read; in this thread, since a server may fork next (see ``read_at_start``)."""
    with at_most(inf if SystemClock().monotonic() < late else THEN_EACH):  # a client of boto3 is kept for each limit
        try:
            return FlowKeys(source.read_at_start(), *source.passphrases, services=source.services)
        except StoreError as error:
            return error


def _line(source: KeySource, started: FlowKeys | StoreError) -> LiveKeys:
    if isinstance(started, StoreError):
        _LOG.error("phone number %s: has no key until its ring can be read: %s", source.phone_number_id, started)
        number = str(source.phone_number_id)
        started = FlowKeys.unread(number, *source.passphrases, services=source.services)
    return LiveKeys(started, source.read if source.is_store else None)

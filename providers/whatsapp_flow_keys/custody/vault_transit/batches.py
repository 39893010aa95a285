"""Ciphertexts that arrive together share a call: one call can take many, and a few calls are under way at once."""

import os
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from threading import Lock

AT_ONCE = 4
"""Calls for a key that are under way at once; what arrives beyond them waits for the first that ends."""

LARGEST = 64
"""Ciphertexts of one call."""

LONGEST_WAIT = 3.0
"""Seconds that a ciphertext waits for its turn, or for the call that takes it along."""

Result = str | Exception
Call = Callable[[list[str]], list[Result]]


class Batch:
    """Of one key. Thread-safe: each caller makes a call itself or waits for one that takes its ciphertext along."""

    def __init__(self) -> None:
        self._lock, self._under_way = Lock(), 0
        self._waiting: deque[tuple[str, Future[Result | None]]] = deque()

    def decrypt(self, ciphertext: str, call: Call) -> Result:
        """What ``call`` returns for ``ciphertext``; raises what it raises, and :class:`TimeoutError` for one whose turn
        does not come."""
        mine: Future[Result | None] = Future()
        with self._lock:
            if self._under_way >= AT_ONCE:
                self._waiting.append((ciphertext, mine))
            else:
                self._under_way += 1
                mine.set_result(None)
        try:
            result = mine.result(LONGEST_WAIT)
        except BaseException:  # also a server's signal: whoever leaves takes nobody's turn along
            self._leave(mine)
            raise
        return self._lead([(ciphertext, mine)], call)[0] if result is None else result

    def _leave(self, mine: "Future[Result | None]") -> None:
        with self._lock:
            left = [entry for entry in self._waiting if entry[1] is not mine]
            was_waiting = len(left) < len(self._waiting)
            self._waiting = deque(left)
        if not was_waiting and mine.done() and mine.result() is None:
            self._hand_on()

    def _lead(self, mine: list[tuple[str, "Future[Result | None]"]], call: Call) -> list[Result]:
        with self._lock:
            others = [self._waiting.popleft() for _ in range(min(len(self._waiting), LARGEST - 1))]
        try:
            results = call([text for text, _ in (*mine, *others)])
        except BaseException as error:
            for _, other in others:
                other.set_result(error if isinstance(error, Exception) else TimeoutError(type(error).__name__))
            raise
        finally:
            self._hand_on()
        for (_, other), result in zip(others, results[1:], strict=True):
            other.set_result(result)
        return results[:1]

    def _hand_on(self) -> None:
        """Has the next one that waits make a call for itself and for those behind it."""
        with self._lock:
            if self._waiting:
                _, leader = self._waiting.popleft()
                leader.set_result(None)
            else:
                self._under_way -= 1


class Batches:
    """One for each key of this process; a forked process begins with none under way."""

    def __init__(self) -> None:
        self._batches: dict[tuple[str, str, int], Batch] = {}

    def of(self, service: str, name: str) -> Batch:
        """That of a key."""
        return self._batches.setdefault((service, name, os.getpid()), Batch())

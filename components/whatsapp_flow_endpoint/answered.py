"""The answers of the last minute: a request that is sent twice gets the same one, and its handler is called once.

An answer is encrypted with the AES key and the nonce of its request. So a second, different answer to the same request
would be one under the same key and nonce: who knows the one could read the other.
"""

from collections import OrderedDict
from concurrent.futures import Future
from threading import Lock

from whatsapp_flow_endpoint.answer import TOKEN_NO_LONGER_VALID, Answer
from whatsapp_flow_keys.clock import Clock

KEPT_FOR = 60.0
"""Seconds; WhatsApp waits 10 for an answer."""
MOST = 1000
MOST_CHARACTERS = 8 * 1024 * 1024
"""Of all answers that are kept; an answer may hold pictures."""


class Answered:
    """What was answered to which request, by its id; the oldest is forgotten first. Thread-safe."""

    def __init__(self, clock: Clock) -> None:
        self._clock, self._lock = clock, Lock()
        self._under_way: dict[str, Future[None] | None] = {}  # None until somebody waits for its end
        self._given: OrderedDict[str, tuple[float, Answer]] = OrderedDict()
        self._characters = 0

    def begin(self, request_id: str) -> Answer | Future[None] | None:
        """The answer that was given; or, while somebody works on one, the end of that, to ask again after; or None: it
        is the caller's to answer now, who says so with :meth:`end`."""
        with self._lock:
            self._forget()
            if request_id in self._given:
                return self._given[request_id][1]
            if request_id in self._under_way:
                ended = self._under_way[request_id] = self._under_way[request_id] or Future()
                return ended
            self._under_way[request_id] = None
            return None

    def end(self, request_id: str, answer: Answer | None) -> None:
        """Keeps an answer that is encrypted. After any other, or none, the next who asks is the one to answer."""
        with self._lock:
            ended = self._under_way.pop(request_id)
            if answer and answer.status in (200, TOKEN_NO_LONGER_VALID):
                self._given[request_id] = self._clock.monotonic(), answer
                self._characters += len(answer.body)
            self._forget()
        if ended:
            ended.set_result(None)

    def _forget(self) -> None:
        oldest = self._clock.monotonic() - KEPT_FOR
        while self._given and (
            len(self._given) > MOST
            or self._characters > MOST_CHARACTERS
            or next(iter(self._given.values()))[0] < oldest
        ):
            _, (_, answer) = self._given.popitem(last=False)
            self._characters -= len(answer.body)

"""Opens a request with the keys that are held, or with those that are read while it waits."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from whatsapp_flow_endpoint.numbers import Numbers
from whatsapp_flow_endpoint.steps import Pending, Steps, Work
from whatsapp_flow_endpoint.watching import KEYS, RequestWatch
from whatsapp_flow_keys.clock import Clock
from whatsapp_flow_keys.errors import NoKeyOpensError
from whatsapp_flow_keys.flow_protocol.message import Decrypted, SealedRequest
from whatsapp_flow_keys.keys import PrivateKey

LONGEST_WAIT = 3.0
"""Seconds that a request which no key opens waits for the keys to be read again; WhatsApp waits 10 in all."""


def why_none_opens(error: NoKeyOpensError, keys: Numbers) -> str:
    """For the log; once a minute with what keeps the keys from being read again."""
    failure = keys.failure_to_name()
    return f"{error}. The keys could not be read again: {failure}" if failure else str(error)


@dataclass
class Opening:
    """Of one request. It tries no key twice: each costs a private operation, and whoever sends garbage could have many
    made."""

    sealed: SealedRequest = field(repr=False)
    keys: Numbers
    clock: Clock
    watch: RequestWatch
    holds_a_thread: bool
    """While it waits, a thread does."""
    _tried: set[str] = field(default_factory=set)

    def steps(self) -> Steps[Decrypted[PrivateKey]]:
        """Waits for as long as keys that are read from now on may open it. Raises as :meth:`SealedRequest.open`."""
        self.keys.refresh()
        arrived = self.clock.monotonic()
        try:
            while True:
                yield Work.OPENING
                try:
                    return self.sealed.open(self._noted(self._untried()))
                except NoKeyOpensError:
                    if not (yield from self._others(arrived)):
                        raise
        finally:
            self.watch.tried(len(self._tried))

    def _untried(self) -> list[PrivateKey]:
        return [key for key in self.keys.likeliest_first() if key.fingerprint not in self._tried]

    def _noted(self, keys: Iterable[PrivateKey]) -> Iterator[PrivateKey]:
        for key in keys:
            self._tried.add(key.fingerprint)
            yield key

    def _others(self, arrived: float) -> Steps[bool]:
        """Waits until other keys than these are held; False if a read since the request ``arrived`` gave none."""
        while True:
            read = self.keys.read_after(arrived, holds_a_thread=self.holds_a_thread)
            left = arrived + LONGEST_WAIT - self.clock.monotonic()
            if self._untried():
                return True
            if read is None or left <= 0:
                return False
            with self.watch.waits(KEYS):
                yield Pending(read.ended, min(left, read.seconds))

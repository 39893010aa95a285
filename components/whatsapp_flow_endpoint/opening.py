"""Opens a request with the keys that are held, or with those that are read while it waits."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from whatsapp_flow_endpoint.numbers import Numbers
from whatsapp_flow_endpoint.steps import Pending, Steps, Work
from whatsapp_flow_endpoint.watching import KEYS, RequestWatch
from whatsapp_flow_keys.client_library import at_most
from whatsapp_flow_keys.clock import Clock
from whatsapp_flow_keys.custody.decryption_key import DecryptionKey
from whatsapp_flow_keys.custody.opening import ServiceKey
from whatsapp_flow_keys.errors import NoKeyOpensError, StoreError, StoreUnavailableError
from whatsapp_flow_keys.flow_protocol.message import Decrypted, SealedRequest

LONGEST_WAIT = 3.0
"""Seconds that a request which no key opens waits for the keys to be read again; WhatsApp waits 10 in all."""

LONGEST_UNWRAPPING = 3.0
"""Seconds that one call of a key service may take, and after which none is begun any more for the same request: six in
all."""


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
    _arrived: float = 0.0
    _too_late: bool = False
    """A key was passed over because its service's time was up."""

    def steps(self) -> Steps[Decrypted[DecryptionKey]]:
        """Waits for as long as keys that are read from now on may open it. Raises as :meth:`SealedRequest.open`."""
        self.keys.refresh()
        self._arrived = self.clock.monotonic()
        try:
            while True:
                untried = self._untried()
                yield Work.ASKING if any(isinstance(key, ServiceKey) for key in untried) else Work.OPENING
                try:
                    with at_most(LONGEST_UNWRAPPING):
                        return self.sealed.open(self._noted(untried))
                except (NoKeyOpensError, StoreError) as error:
                    failure = self._why(error)
                if not (yield from self._others()):
                    raise failure
        finally:
            self.watch.tried(len(self._tried))

    def _untried(self) -> list[DecryptionKey]:
        return [key for key in self.keys.likeliest_first() if key.fingerprint not in self._tried]

    def _noted(self, keys: Iterable[DecryptionKey]) -> Iterator[DecryptionKey]:
        for key in keys:
            self._tried.add(key.fingerprint)
            if isinstance(key, ServiceKey) and self.clock.monotonic() >= self._arrived + LONGEST_UNWRAPPING:
                self._too_late = True
                continue
            yield key

    def _why(self, error: NoKeyOpensError | StoreError) -> NoKeyOpensError | StoreError:
        """That no key opens it is not known where some were passed over."""
        if self._too_late and isinstance(error, NoKeyOpensError):
            return StoreUnavailableError("the key services", f"took more than {LONGEST_UNWRAPPING:.0f} s")
        return error

    def _others(self) -> Steps[bool]:
        """Waits until other keys than these are held; False if a read since the request arrived gave none."""
        while True:
            read = self.keys.read_after(self._arrived, holds_a_thread=self.holds_a_thread)
            left = self._arrived + LONGEST_WAIT - self.clock.monotonic()
            if self._untried():
                return True
            if read is None or left <= 0:
                return False
            with self.watch.waits(KEYS):
                yield Pending(read.ended, min(left, read.seconds))

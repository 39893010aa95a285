"""What one run of the engine is to the rules: its memory, its clock, its ids, its new keys and its voice.

One object, made by the front end's process and handed to each rule; a test makes another. Nothing else remembers
anything.
"""

from collections.abc import Callable, Hashable
from datetime import date
from threading import Lock
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from whatsapp_flow_keys.clock import Clock, SystemClock
from whatsapp_flow_keys.resources.in_passing import InPassing
from whatsapp_flow_keys.resources.seen import Expected, SeenKeys, SeenRings

if TYPE_CHECKING:
    from whatsapp_flow_keys.keys import PrivateKey


def _new_key() -> "PrivateKey":
    from whatsapp_flow_keys.keys import make_key  # with cryptography: a preview makes none

    return make_key()


class Run:
    """See the module.

    Args:
        clock: the time, and how to wait; the system's by default.
        new_id: makes a resource's id.
        voice: shows a line under the stack.
        new_key: makes a key pair.
    """

    def __init__(
        self,
        clock: Clock | None = None,
        new_id: Callable[[], str] = lambda: uuid4().hex,
        voice: Callable[[str], None] = print,
        new_key: Callable[[], "PrivateKey"] = _new_key,
    ) -> None:
        self.clock = clock or SystemClock()
        self.new_id = new_id
        self.new_key = new_key
        self.keys = SeenKeys()
        self.rings = SeenRings()
        self.registrations = Expected()
        self.passing = InPassing()
        self._voice = voice
        self._said: set[str] = set()
        self._shared: dict[Hashable, Any] = {}
        self._lock = Lock()

    def today(self) -> date:
        """The date in UTC."""
        return self.clock.now().date()

    def say(self, text: str | None) -> None:
        """Shows a line once in a run: a refresh and a preview compare the same resource twice."""
        if text and text not in self._said:
            self._said.add(text)
            self._voice(text)

    def shared(self, make: Callable[[Any], Any], argument: Hashable) -> Any:
        """What ``make`` returns for ``argument``, made once for all resources of this run: a client, a log."""
        with self._lock:
            key = (make, argument)
            if key not in self._shared:
                self._shared[key] = make(argument)
            return self._shared[key]

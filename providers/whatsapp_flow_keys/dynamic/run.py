"""What one run of the engine is to the providers of one process: its memory, its clock, its ids and its voice.

One object, made by the process and handed to each provider; a test makes another. Nothing else remembers anything.
"""

from collections.abc import Callable
from datetime import date
from uuid import uuid4

from whatsapp_flow_keys.clock import Clock, SystemClock
from whatsapp_flow_keys.dynamic.in_passing import InPassing
from whatsapp_flow_keys.dynamic.seen import SeenKeys, SeenRings


class Run:
    """See the module. ``new_id`` makes a resource's id; ``voice`` shows a line under the stack."""

    def __init__(
        self,
        clock: Clock | None = None,
        new_id: Callable[[], str] = lambda: uuid4().hex,
        voice: Callable[[str], None] = print,
    ) -> None:
        self.clock = clock or SystemClock()
        self.new_id = new_id
        self.keys = SeenKeys()
        self.rings = SeenRings()
        self.passing = InPassing()
        self._voice = voice
        self._said: set[str] = set()

    def today(self) -> date:
        """The date in UTC."""
        return self.clock.now().date()

    def say(self, text: str | None) -> None:
        """Shows a line once in a run: a refresh and a preview compare the same resource twice."""
        if text and text not in self._said:
            self._said.add(text)
            self._voice(text)

"""The parts of a running emulator that the Graph routes and the control routes share, and its waiting and ending."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable

from whatsapp_graph_emulator.access import Access
from whatsapp_graph_emulator.answers import HangUp
from whatsapp_graph_emulator.errors import NotRunning
from whatsapp_graph_emulator.faults import Faults
from whatsapp_graph_emulator.journal import Journal
from whatsapp_graph_emulator.phone_numbers import Numbers


class Emulation:
    """Numbers, access, faults and the journal of one running emulator."""

    def __init__(self, numbers: Numbers, access: Access) -> None:
        self.numbers = numbers
        self.access = access
        self.faults = Faults()
        self.journal = Journal()
        self._ended = threading.Event()

    def pause(self, seconds: float) -> None:
        """Waits; hangs up (`HangUp`) where the emulator is stopped meanwhile."""
        if self._ended.wait(seconds):
            raise HangUp("the emulator was stopped")

    def later(self, seconds: float, act: Callable[[], object]) -> None:
        """Acts after that time in a thread of its own; never, where the emulator is stopped before."""

        def wait_and_act() -> None:
            with contextlib.suppress(HangUp, NotRunning):
                self.pause(seconds)
                act()

        threading.Thread(target=wait_and_act, name="late-commit", daemon=True).start()

    def end(self) -> None:
        """Ends all waiting; no number changes any more once this returns."""
        self._ended.set()
        self.numbers.close()

"""An async handler that was called: awaited in the event loop that runs, or else in one of its own."""

import sys
from collections.abc import Awaitable
from typing import Any

from whatsapp_flow_endpoint.watching import Current, nothing


class Awaited:
    """What a handler's coroutine comes to: ``answer`` or ``error``, after :meth:`ready` or :meth:`wait`."""

    def __init__(self, coroutine: Awaitable[Any], current: Current = nothing) -> None:
        """``current``: within it the handler runs."""
        self._coroutine, self._current = coroutine, current
        self.answer: Any = None
        self.error: Exception | None = None

    async def ready(self) -> None:
        """Runs the handler in this event loop."""
        try:
            with self._current():
                self.answer = await self._coroutine
        except Exception as error:  # noqa: BLE001 - the exchange makes a 500 of whatever a handler raises
            inner = error.__traceback__.tb_next if error.__traceback__ else None
            self.error = error.with_traceback(inner)  # without this frame, which is not the handler's

    def wait(self) -> None:
        """Runs the handler in an event loop of its own, and blocks this thread."""
        import asyncio  # a process with plain handlers alone need not load it
        from concurrent.futures import ThreadPoolExecutor

        if not is_in_a_loop():
            asyncio.run(self.ready())
            return
        with ThreadPoolExecutor(1) as beside:  # this thread's loop runs already, and it can't have another
            beside.submit(asyncio.run, self.ready()).result()


def is_in_a_loop() -> bool:
    """Whether an event loop runs in this thread."""
    asyncio = sys.modules.get("asyncio")  # a process without it has no loop, and need not load it
    if asyncio is None:
        return False
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True

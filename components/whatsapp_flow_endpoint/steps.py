"""What an exchange waits for, or does next."""

import concurrent.futures
from collections.abc import Generator
from dataclasses import dataclass
from enum import Enum
from typing import TypeVar

from whatsapp_flow_endpoint.awaited import Awaited

T = TypeVar("T")


@dataclass(frozen=True)
class Pending:
    """Before the exchange can go on: the end of a read of the keys, or of the exchange that the same request began
    before; and for how many seconds to wait for it."""

    ended: concurrent.futures.Future[None]
    seconds: float

    def wait(self) -> None:
        """Blocks this thread."""
        concurrent.futures.wait([self.ended], timeout=self.seconds)

    async def ready(self) -> None:
        """Waits in this event loop."""
        import asyncio

        await asyncio.wait([asyncio.wrap_future(self.ended)], timeout=self.seconds)


class Work(Enum):
    """What an exchange does next, and that it takes a while."""

    OPENING = "a private operation for each key"
    ASKING = "a call to a key service, or one for each key"
    PING = "the handler of pings"
    FORM = "the handler of forms, or of error notices"


Steps = Generator[Pending | Awaited | Work, None, T]

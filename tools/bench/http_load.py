"""Sends requests over HTTP/1.1 from one event loop, over connections that are kept, and notes how long each takes.

It parses of an answer what it must, so that it has time left beside the server that is measured.
"""

import asyncio
import gc
import re
import time
from collections.abc import Awaitable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from tools.stop import Stop

_LONGEST = 60.0
"""Seconds for an answer, after which a server is taken for dead."""
_HEAD_END = b"\r\n\r\n"
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)

T = TypeVar("T")


@dataclass(frozen=True)
class Answered:
    """One answer, and the seconds from its request to its last byte."""

    status: int
    body: str
    seconds: float


@dataclass(frozen=True)
class Burst:
    """The answers to requests that followed one another, in their order; and what the sender took of its core."""

    answers: tuple[Answered, ...]
    seconds: float
    senders_cpu_seconds: float


def burst(port: int, requests: Sequence[bytes], at_once: int) -> Burst:
    """Sends each over one of ``at_once`` connections as soon as the one before it is answered.

    Raises `Stop` when one is not answered at all.
    """
    return _run(_burst(port, requests, at_once))


def paced(port: int, due: Sequence[tuple[float, bytes]], patience: float) -> tuple[Answered | None, ...]:
    """Sends each request at its moment (seconds from the beginning, in their order), whatever became of those before
    it; None for one that is not answered within ``patience`` seconds.

    Raises `Stop` when the server closes a connection.
    """
    return _run(_paced(port, due, patience))


def _run(sending: Awaitable[T]) -> T:
    async def run() -> T:
        return await sending

    gc.disable()  # it would stop for all the forms that the bench holds, and servers would seem slow
    try:
        return asyncio.run(run())
    except (OSError, TimeoutError) as error:
        raise Stop(f"A server gave no answer: {str(error) or type(error).__name__}.") from None
    finally:
        gc.enable()


async def _burst(port: int, requests: Sequence[bytes], at_once: int) -> Burst:
    connections = [await _Connection.to(port) for _ in range(at_once)]
    answers: dict[int, Answered] = {}
    waiting = iter(enumerate(requests))

    async def one_after_the_other(connection: _Connection) -> None:
        for at, request in waiting:
            answers[at] = await connection.ask(request, _LONGEST)

    began, cpu_began = time.perf_counter(), time.process_time()
    await asyncio.gather(*map(one_after_the_other, connections))
    seconds, cpu_seconds = time.perf_counter() - began, time.process_time() - cpu_began
    for connection in connections:
        connection.close()
    return Burst(tuple(answers[at] for at in range(len(requests))), seconds, cpu_seconds)


async def _paced(port: int, due: Sequence[tuple[float, bytes]], patience: float) -> tuple[Answered | None, ...]:
    free: list[_Connection] = []

    async def ask(request: bytes) -> Answered | None:
        connection = free.pop() if free else await _Connection.to(port)
        try:
            answered = await connection.ask(request, patience)
        except TimeoutError:
            connection.close()
            return None
        free.append(connection)
        return answered

    began, asked = time.perf_counter(), []
    for moment, request in due:
        await asyncio.sleep(began + moment - time.perf_counter())
        asked.append(asyncio.create_task(ask(request)))
    answers = await asyncio.gather(*asked)
    for connection in free:
        connection.close()
    return tuple(answers)


class _Connection(asyncio.Protocol):
    """For one request at a time."""

    def __init__(self) -> None:
        self._received = bytearray()
        self._transport: asyncio.Transport | None = None
        self._answer: asyncio.Future[tuple[int, str]] | None = None

    @classmethod
    async def to(cls, port: int) -> "_Connection":
        _, made = await asyncio.get_running_loop().create_connection(cls, "127.0.0.1", port)
        return made

    async def ask(self, request: bytes, patience: float) -> Answered:
        assert self._transport is not None
        self._answer = asyncio.get_running_loop().create_future()
        began = time.perf_counter()
        self._transport.write(request)
        status, body = await asyncio.wait_for(self._answer, patience)
        return Answered(status, body, time.perf_counter() - began)

    def close(self) -> None:
        assert self._transport is not None
        self._transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._received += data
        head_end = self._received.find(_HEAD_END)
        if head_end < 0:
            return
        length = _LENGTH.search(self._received, 0, head_end)
        body = self._received[head_end + len(_HEAD_END) :]
        if length and len(body) == int(length[1]) and self._answer:
            status = int(self._received[9:12])  # after "HTTP/1.1 "
            self._received.clear()
            self._answer.set_result((status, body.decode()))

    def connection_lost(self, error: Exception | None) -> None:
        if self._answer and not self._answer.done():
            self._answer.set_exception(error or ConnectionError("it closed the connection"))

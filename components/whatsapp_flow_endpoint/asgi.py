"""A Flow endpoint as an ASGI application (version 3), for uvicorn, hypercorn, routes of Starlette and FastAPI.

Plain handlers may block: they run in threads of the application's own, so whatever they do, the loop and the host
application's threads are free. An async one is awaited in the server's event loop. Signature and shape are checked in
the loop, which takes less time than to hand them to a thread. A request that waits for keys holds no thread.
"""

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from whatsapp_flow_endpoint.answer import NOT_A_POST, Answer
from whatsapp_flow_endpoint.awaited import Awaited
from whatsapp_flow_endpoint.endpoint import LARGEST_BODY, FlowEndpoint, NumberOf, is_larger, no_number
from whatsapp_flow_endpoint.exchange import Exchange
from whatsapp_flow_endpoint.steps import Pending, Work
from whatsapp_flow_endpoint.threads import NoThreadFree, Threads
from whatsapp_flow_endpoint.watching import watch_of_this_process
from whatsapp_flow_keys.errors import InputError

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
THREADS = 32
"""Handlers that run at once, if ``threads=`` doesn't say otherwise."""
LONGEST_FOR_A_THREAD = 5.0
"""Seconds after which a request whose turn has not come is answered 503: WhatsApp waits 10 for handler and all."""
LONGEST_BODY = 5.0
"""Seconds within which a body must be there, once its headers are; one that never ends would be held for ever."""
_OPENING, _ASKING, _PINGS = 2, 32, 2
"""Threads that decrypt (which keeps a core busy), those that have a key service decrypt, and those of pings."""

AsgiApp = Callable[[MutableMapping[str, Any], Receive, Send], Awaitable[None]]


def asgi_app(
    endpoint: FlowEndpoint,
    *,
    largest_body: int = LARGEST_BODY,
    threads: int = THREADS,
    number_of: NumberOf = no_number,
) -> AsgiApp:
    """Answers every POST, at whatever path it is routed or mounted; a larger body (bytes) gets a 413, one that takes
    longer than 5 s a 408.

    ``threads``: so many plain handlers run at once. A form that none of them has begun after 5 s is answered 503.
    ``number_of``: names the number by host and path, so that its keys alone are tried; it must not block.
    Raises :class:`InputError` for fewer than one.
    """
    if type(threads) is not int or threads < 1:
        raise InputError("threads: must be a whole number from 1 on; with none no form would be answered")
    return _App(endpoint, _Turns(threads), largest_body, number_of)


@dataclass(frozen=True)
class _App:
    """Not a function: Starlette's ``Route`` takes a function for a view, which answers GET, and an object for an
    application.
    """

    endpoint: FlowEndpoint
    turns: "_Turns"
    largest_body: int
    number_of: NumberOf

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await _live(receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1003})
        else:
            answer = await self._answer(scope, receive)
            if answer is not None:
                await _send(answer, scope, send)

    async def _answer(self, scope: MutableMapping[str, Any], receive: Receive) -> Answer | None:
        """None when the client has gone."""
        if scope["method"] != "POST":
            return NOT_A_POST
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        length = headers.get("content-length", "")
        if length.isascii() and length.isdigit() and is_larger(length, self.largest_body):  # else it was refused
            return Answer(413)
        number = self.number_of(headers.get("host", ""), scope.get("path", ""))
        try:
            async with asyncio.timeout(LONGEST_BODY):
                body = await _body(receive, self.largest_body)
        except TimeoutError:
            return Answer(408)
        if not isinstance(body, bytes):
            return body
        return await self.turns.answer(self.endpoint.exchange(headers, body, phone_number_id=number))


class _Turns:
    """Which threads do what: forms that hang hold up neither pings nor what is refused."""

    def __init__(self, forms: int) -> None:
        watch = watch_of_this_process()
        self._threads = {
            Work.OPENING: Threads(_OPENING, "flow-opening", watch),
            Work.ASKING: Threads(_ASKING, "flow-asking", watch),
            Work.PING: Threads(_PINGS, "flow-pings", watch),
            Work.FORM: Threads(forms, "flow-forms", watch),
        }

    async def answer(self, exchange: Exchange) -> Answer:
        """Goes through the exchange to its end, or to the end of its time."""
        try:
            return await self._answer(exchange)
        finally:
            exchange.close()  # of a request that is cancelled nothing stays under way

    async def _answer(self, exchange: Exchange) -> Answer:
        loop = asyncio.get_running_loop()
        ends = loop.time() + LONGEST_FOR_A_THREAD
        step = exchange.step()
        while not isinstance(step, Answer):
            if isinstance(step, Pending | Awaited):
                await step.ready()
                step = exchange.step()
                continue
            work, threads = step, self._threads[step]
            try:
                step = await threads.run(exchange.step, seconds=ends - loop.time())
            except NoThreadFree:
                return exchange.give_up(_busy(work, threads))
        return step


def _busy(work: Work, threads: Threads) -> str:
    busy = f"none of the {threads.most} threads {threads.name} was free within {LONGEST_FOR_A_THREAD:.0f} s"
    if work is Work.FORM:
        return f"{busy}, so the handler was not called. Make it faster, or give asgi_app more threads="
    if work is Work.PING:
        return f"{busy}, so on_ping= was not called. Make it faster"
    if work is Work.ASKING:
        return f"{busy} to have a key service decrypt the request. Is the service slow?"
    return f"{busy} to decrypt the request. Serve forms with more processes"


async def _body(receive: Receive, largest_body: int) -> bytes | Answer | None:
    body = bytearray()
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        body += message.get("body", b"")
        more = message.get("more_body", False)
        if len(body) > largest_body:
            return Answer(413)
    return bytes(body)


async def _send(answer: Answer, scope: MutableMapping[str, Any], send: Send) -> None:
    headers = [(name.lower().encode(), value.encode()) for name, value in answer.headers]
    if answer.status == HTTPStatus.REQUEST_TIMEOUT and scope.get("http_version", "1.1").startswith("1"):
        headers.append((b"connection", b"close"))  # HTTP/2 has no such header
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else answer.body.encode()})


async def _live(receive: Receive, send: Send) -> None:
    while True:
        event = (await receive())["type"]
        await send({"type": f"{event}.complete"})
        if event == "lifespan.shutdown":
            return

"""A Flow endpoint as an ASGI application (version 3), for uvicorn, hypercorn, routes of Starlette and FastAPI.

A request runs in a thread, so a plain handler may block. An async one is awaited in the server's event loop: like a
request that waits for keys it holds no thread.
"""

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from typing import Any

from whatsapp_flow_endpoint.answer import NOT_A_POST, Answer
from whatsapp_flow_endpoint.endpoint import LARGEST_BODY, FlowEndpoint

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
AsgiApp = Callable[[MutableMapping[str, Any], Receive, Send], Awaitable[None]]


def asgi_app(endpoint: FlowEndpoint, *, largest_body: int = LARGEST_BODY) -> AsgiApp:
    """Answers every POST, at whatever path it is routed or mounted; a larger body (bytes) gets a 413."""
    return _App(endpoint, largest_body)


@dataclass(frozen=True)
class _App:
    """Not a function: Starlette's ``Route`` takes a function for a view, which answers GET, and an object for an
    application.
    """

    endpoint: FlowEndpoint
    largest_body: int

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await _live(receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1003})
        else:
            answer = await _answer(self.endpoint, scope, receive, self.largest_body)
            if answer is not None:
                await _send(answer, scope["method"], send)


async def _answer(
    endpoint: FlowEndpoint, scope: MutableMapping[str, Any], receive: Receive, largest_body: int
) -> Answer | None:
    """None when the client has gone."""
    if scope["method"] != "POST":
        return NOT_A_POST
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
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
    exchange = endpoint.exchange(headers, bytes(body))
    while not isinstance(step := await asyncio.to_thread(exchange.advance), Answer):
        await step.ready()
    return step


async def _send(answer: Answer, method: str, send: Send) -> None:
    headers = [(name.lower().encode(), value.encode()) for name, value in answer.headers]
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if method == "HEAD" else answer.body.encode()})


async def _live(receive: Receive, send: Send) -> None:
    while True:
        event = (await receive())["type"]
        await send({"type": f"{event}.complete"})
        if event == "lifespan.shutdown":
            return

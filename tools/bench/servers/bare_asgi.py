"""As little of ASGI as an application needs that is measured beside the kit."""

from collections.abc import Callable
from typing import Any


class BareAsgi:
    """Reads the body piece by piece, as the kit does, and sends what a function makes of it in the event loop.

    An object, since Starlette takes a function for a view.
    """

    def __init__(self, answer: Callable[[bytes], bytes]) -> None:
        self._answer = answer

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Only HTTP."""
        if scope["type"] != "http":
            raise RuntimeError("it knows HTTP only")  # so uvicorn goes on without lifespan
        body = bytearray()
        more = True
        while more:
            message = await receive()
            body += message.get("body", b"")
            more = message.get("more_body", False)
        answer = self._answer(bytes(body))
        headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", b"%d" % len(answer))]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": answer})

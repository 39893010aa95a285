"""What a person reads beside a resource while the engine works: notes of the call that is under way."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar

import grpc
from pulumi.runtime.proto import engine_pb2, engine_pb2_grpc

_SECONDS = 5
_urn: ContextVar[str] = ContextVar("urn", default="")


@contextmanager
def about(urn: str) -> Iterator[None]:
    """What is said within this block is about this resource."""
    token = _urn.set(urn)
    try:
        yield
    finally:
        _urn.reset(token)


class EngineVoice:
    """Says it to the engine at this address."""

    def __init__(self, address: str) -> None:
        self._engine = engine_pb2_grpc.EngineStub(grpc.insecure_channel(address))

    def say(self, text: str) -> None:
        """Shows a line beside the resource. An engine that takes none doesn't end what the line is about."""
        severity = engine_pb2.WARNING if text.startswith("warning: ") else engine_pb2.INFO
        line = engine_pb2.LogRequest(severity=severity, message=text.removeprefix("warning: "), urn=_urn.get())
        with suppress(grpc.RpcError):
            self._engine.Log(line, timeout=_SECONDS)

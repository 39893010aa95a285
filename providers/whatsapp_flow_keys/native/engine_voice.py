"""What a person reads beside a resource while the engine works: notes of the call that is under way."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

import grpc
from pulumi.runtime.proto import engine_pb2, engine_pb2_grpc

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
        """Shows a line beside the resource."""
        line = engine_pb2.LogRequest(severity=engine_pb2.INFO, message=text, urn=_urn.get())
        self._engine.Log(line)

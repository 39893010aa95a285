"""Serves the engine, as the real plugin does: `python -m tools.bench.idle_plugin ENGINE`."""

import asyncio
import os
import signal
import sys
from typing import Any
from uuid import uuid4

import grpc.aio
from google.protobuf import empty_pb2, json_format, struct_pb2
from pulumi.provider.server import ProviderServicer
from pulumi.runtime._grpc_settings import _GRPC_CHANNEL_OPTIONS
from pulumi.runtime.proto import provider_pb2 as proto
from pulumi.runtime.proto import provider_pb2_grpc

from tools.bench.idle_plugin.component import Components
from tools.bench.idle_plugin.template import CREATED, ROTATED, Props, own, recorded

_SECRET = {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270"}  # as the engine marks a value


class Idle(ProviderServicer):
    """Answers at once."""

    async def CheckConfig(self, request: proto.CheckRequest, _context: Any) -> proto.CheckResponse:  # noqa: N802
        """As given."""
        return proto.CheckResponse(inputs=request.news)

    async def DiffConfig(self, _request: proto.DiffRequest, _context: Any) -> proto.DiffResponse:  # noqa: N802
        """Never another."""
        return proto.DiffResponse(changes=proto.DiffResponse.DIFF_NONE)

    async def Configure(self, _request: proto.ConfigureRequest, _context: Any) -> proto.ConfigureResponse:  # noqa: N802
        """What the real one can."""
        return proto.ConfigureResponse(
            acceptSecrets=True, supportsPreview=True, acceptResources=True, acceptOutputs=True
        )

    async def Check(self, request: proto.CheckRequest, _context: Any) -> proto.CheckResponse:  # noqa: N802
        """The template's inputs, with the number's own."""
        kind, olds, news = _kind(request.urn), _props(request.olds), _props(request.news)
        if not olds:
            found = recorded(kind, CREATED)["inputs"]
        else:
            found = recorded(kind, ROTATED)["inputs"] if _changes(kind, olds, news) else olds
        return proto.CheckResponse(inputs=_struct({**found, **own(news)}))

    async def Diff(self, request: proto.DiffRequest, _context: Any) -> proto.DiffResponse:  # noqa: N802
        """A key is replaced by another trigger, all else updated by another key."""
        kind = _kind(request.urn)
        if not _changes(kind, _props(request.olds), _props(request.news)):
            return proto.DiffResponse(changes=proto.DiffResponse.DIFF_NONE)
        replaces = [_changes_by(kind)] if kind == "EncryptionKey" else []
        return proto.DiffResponse(changes=proto.DiffResponse.DIFF_SOME, diffs=[_changes_by(kind)], replaces=replaces)

    async def Create(self, request: proto.CreateRequest, _context: Any) -> proto.CreateResponse:  # noqa: N802
        """The template's outputs, with the number's own; a key's fingerprint is another one each time."""
        kind = _kind(request.urn)
        fresh = {"fingerprint": uuid4().hex * 2} if kind == "EncryptionKey" else {}
        made = _outputs(kind, CREATED, {**own(_props(request.properties)), **fresh})
        return proto.CreateResponse(id=uuid4().hex, properties=made)

    async def Update(self, request: proto.UpdateRequest, _context: Any) -> proto.UpdateResponse:  # noqa: N802
        """The outputs after a rotation."""
        return proto.UpdateResponse(properties=_outputs(_kind(request.urn), ROTATED, own(_props(request.news))))

    async def Delete(self, _request: proto.DeleteRequest, _context: Any) -> empty_pb2.Empty:  # noqa: N802
        """Nothing."""
        return empty_pb2.Empty()


def _kind(urn: str) -> str:
    return urn.split("::")[2].rpartition(":")[2]


def _changes_by(kind: str) -> str:
    return "rotationTrigger" if kind == "EncryptionKey" else "keyId"


def _changes(kind: str, olds: Props, news: Props) -> bool:
    return bool(olds.get(_changes_by(kind)) != news.get(_changes_by(kind)))


def _props(sent: struct_pb2.Struct) -> Props:
    found: Props = json_format.MessageToDict(sent)
    return found


def _struct(props: Props) -> struct_pb2.Struct:
    return json_format.ParseDict(props, struct_pb2.Struct())


def _outputs(kind: str, state: str, values: Props) -> struct_pb2.Struct:
    template = recorded(kind, state)
    secrets = {name: {**_SECRET, "value": template["outputs"][name]} for name in template["secrets"]}
    return _struct({**template["outputs"], **secrets, **values})


async def _serve(engine: str) -> None:
    server = grpc.aio.server(options=_GRPC_CHANNEL_OPTIONS)
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(Idle(Components(), [], engine), server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, os._exit, 0)
    print(port, flush=True)
    await server.wait_for_termination()


if __name__ == "__main__":
    asyncio.run(_serve(sys.argv[-1]))

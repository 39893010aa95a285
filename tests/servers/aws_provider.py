"""AWS as Pulumi's engine sees it, for examples/aws-lambda: a provider that the engine attaches to.

A stand-in of our own, which checks nothing that AWS would: a resource is what was asked for. But a function is loaded
with the environment that it was given, and what comes in by the route is handed to it, as an HTTP API hands it on.
"""

import importlib.util
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import grpc
from google.protobuf.empty_pb2 import Empty
from google.protobuf.struct_pb2 import Struct
from pulumi.runtime import rpc
from pulumi.runtime.proto import plugin_pb2, provider_pb2, provider_pb2_grpc

from tests.servers.http_servers import waitress_server
from tests.servers.lambda_function import function_app
from whatsapp_flow_endpoint.wsgi import WsgiApp

ACCOUNT, REGION = "123456789012", "eu-west-1"
_KNOWN = {"region": REGION, "accountId": ACCOUNT}
_API, _ROUTE = "aws:apigatewayv2/api:Api", "aws:apigatewayv2/route:Route"
_FUNCTION = "aws:lambda/function:Function"


class AwsProvider(provider_pb2_grpc.ResourceProviderServicer):
    """For one function and one route. ``setenv`` sets a variable of this process, in which the function runs."""

    def __init__(self, setenv: Callable[[str, str], None]) -> None:
        self._setenv = setenv
        self._function: WsgiApp | None = None
        self._route = ""
        self.address = ""
        self.deployments = 0

    def serve(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """The API, as a WSGI application."""
        method, path = environ["REQUEST_METHOD"], environ["PATH_INFO"]
        if self._function is None or self._route != f"{method} {path}":
            start_response("404 Not Found", [])
            return [b""]
        return self._function(environ, start_response)

    # What the engine calls; requests and answers are those of pulumi/provider.proto.

    def Attach(self, request: Any, context: Any) -> Empty:  # noqa: N802 - the protocol's names, here and below
        return Empty()

    def Handshake(self, request: Any, context: Any) -> Any:  # noqa: N802
        return provider_pb2.ProviderHandshakeResponse(accept_secrets=True)

    def GetPluginInfo(self, request: Any, context: Any) -> Any:  # noqa: N802
        return plugin_pb2.PluginInfo(version="7.51.1")

    def CheckConfig(self, request: Any, context: Any) -> Any:  # noqa: N802
        return provider_pb2.CheckResponse(inputs=request.news)

    def DiffConfig(self, request: Any, context: Any) -> Any:  # noqa: N802
        return provider_pb2.DiffResponse(changes=provider_pb2.DiffResponse.DIFF_NONE)

    def Configure(self, request: Any, context: Any) -> Any:  # noqa: N802
        return provider_pb2.ConfigureResponse(acceptSecrets=True)

    def Invoke(self, request: Any, context: Any) -> Any:  # noqa: N802
        return provider_pb2.InvokeResponse(**{"return": _struct(_KNOWN)})

    def Check(self, request: Any, context: Any) -> Any:  # noqa: N802
        return provider_pb2.CheckResponse(inputs=request.news)

    def Diff(self, request: Any, context: Any) -> Any:  # noqa: N802
        none, some = provider_pb2.DiffResponse.DIFF_NONE, provider_pb2.DiffResponse.DIFF_SOME
        return provider_pb2.DiffResponse(changes=none if request.old_inputs == request.news else some)

    def Create(self, request: Any, context: Any) -> Any:  # noqa: N802
        if request.preview:
            return provider_pb2.CreateResponse(properties=request.properties)
        return provider_pb2.CreateResponse(id=request.name, properties=self._made(request, request.properties))

    def Update(self, request: Any, context: Any) -> Any:  # noqa: N802
        made = request.news if request.preview else self._made(request, request.news)
        return provider_pb2.UpdateResponse(properties=made)

    def _made(self, request: Any, inputs: Struct) -> Struct:
        """The inputs, and what AWS adds."""
        added = {"arn": f"arn:aws:{request.type}:{request.name}", "name": request.name}
        if request.type == _API:
            added |= {"apiEndpoint": self.address, "executionArn": f"arn:aws:execute-api:{REGION}:{ACCOUNT}:an-api"}
        elif request.type == _ROUTE:
            self._route = inputs["routeKey"]
        elif request.type == _FUNCTION:
            added |= {"invokeArn": "arn:to-invoke-the-function"}
            self._deploy(rpc.deserialize_properties(inputs))
        return _struct(added, inputs)

    def _deploy(self, inputs: Mapping[str, Any]) -> None:
        environment = rpc.unwrap_rpc_secret(inputs["environment"])
        for name, value in environment["variables"].items():
            self._setenv(name, value)
        module, _, function = inputs["handler"].partition(".")
        spec = importlib.util.spec_from_file_location("deployed", inputs["code"].assets[f"{module}.py"].path)
        assert spec is not None
        assert spec.loader is not None
        loaded = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(loaded)
        self._function = function_app(getattr(loaded, function))
        self.deployments += 1


def _struct(fields: Mapping[str, Any], more: Struct | None = None) -> Struct:
    struct = Struct()
    if more is not None:
        struct.CopyFrom(more)
    struct.update({name: value for name, value in fields.items() if name not in struct})
    return struct


@contextmanager
def aws_provider(setenv: Callable[[str, str], None]) -> Iterator[tuple[AwsProvider, dict[str, str]]]:
    """It, on a free port, and the environment with which the engine attaches to it."""
    provider = AwsProvider(setenv)
    server = grpc.server(ThreadPoolExecutor())
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(provider, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        with waitress_server(provider.serve) as url:
            provider.address = url.removesuffix("/flows")
            yield provider, {"PULUMI_DEBUG_PROVIDERS": f"aws:{port}"}
    finally:
        server.stop(None).wait()

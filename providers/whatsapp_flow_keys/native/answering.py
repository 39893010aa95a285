"""The plugin's answers to the engine: each in a thread, and each failure one sentence without a traceback."""

import asyncio
import contextvars
import json
import os
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import grpc
import pulumi
from google.protobuf import empty_pb2
from pulumi.provider import ConstructResult
from pulumi.provider.server import ProviderServicer
from pulumi.runtime.proto import plugin_pb2
from pulumi.runtime.proto import provider_pb2 as proto

from whatsapp_flow_keys.native.components import Components
from whatsapp_flow_keys.native.configuration import Configuration
from whatsapp_flow_keys.native.engine_voice import EngineVoice, about
from whatsapp_flow_keys.native.functions import FUNCTIONS
from whatsapp_flow_keys.native.kinds import BY_TOKEN, PROPERTIES
from whatsapp_flow_keys.native.names import PACKAGE, in_camel_case
from whatsapp_flow_keys.native.package_schema import package_schema
from whatsapp_flow_keys.native.resource_calls import ResourceCalls
from whatsapp_flow_keys.native.stopping import StoppableClock, within
from whatsapp_flow_keys.native.version import VERSION
from whatsapp_flow_keys.native.wire import received, to_send
from whatsapp_flow_keys.resources.account import ConfiguredAccount
from whatsapp_flow_keys.resources.context import Context
from whatsapp_flow_keys.resources.run import Run
from whatsapp_flow_keys.resources.schema import Props, is_known
from whatsapp_flow_keys.resources.told import TRACEBACKS, told

_THREADS = ThreadPoolExecutor(64)
"""As many calls as the engine makes at once with a large ``--parallel``; most of their time they wait. They are not the
threads in which the components of a program wait for the engine, which may be as many as it has numbers."""
_Request = TypeVar("_Request")
_Answer = TypeVar("_Answer")


def _answered(
    method: Callable[[Any, _Request], _Answer],
) -> Callable[[Any, _Request, Any], Coroutine[Any, Any, _Answer]]:
    """A method of the service that runs in a thread."""

    async def answer(service: "Answering", request: Any, context: Any) -> _Answer:
        urn = str(getattr(request, "urn", ""))
        try:
            with about(urn), within(getattr(request, "timeout", 0.0)):
                run = contextvars.copy_context().run
                return await asyncio.get_running_loop().run_in_executor(_THREADS, run, method, service, request)
        except Exception as error:
            await service.end(error, request, context)
            raise

    return answer


class Answering(ProviderServicer):
    """The service.

    Args:
        engine_address: where the engine takes what is said to a person.
    """

    def __init__(self, engine_address: str) -> None:
        super().__init__(Components(), [], engine_address)
        self._clock, voice = StoppableClock(), EngineVoice(engine_address)
        self._run = Run(self._clock, voice=lambda text: voice.say(in_camel_case(text, PROPERTIES)))
        self._settings: Props = {}

    async def end(self, error: Exception, request: Any, context: Any) -> None:
        """Ends a call by a failure, which names the number, and the account where the provider bears a name."""
        if os.environ.get(TRACEBACKS):
            return
        name, said = told(error, type(request).__name__.removesuffix("Request"))
        sent = next((getattr(request, field) for field in ("news", "properties") if hasattr(request, field)), None)
        number = received(sent).get("phone_number_id") if sent is not None else None
        text = self._account.naming(said, number if isinstance(number, str) and number.isdigit() else None)
        await context.abort(grpc.StatusCode.UNKNOWN, f"{name}: {in_camel_case(text, PROPERTIES)}")

    async def Construct(self, request: proto.ConstructRequest, context: Any) -> proto.ConstructResponse:  # noqa: N802
        """A component, made in this process, whose resources are the engine's again."""
        try:
            return await self._construct(request, context)
        except Exception as error:
            await self.end_construct(error, context)
            raise

    async def end_construct(self, error: Exception, context: Any) -> None:
        """As :meth:`end`; what a component says of its arguments is whole already."""
        if os.environ.get(TRACEBACKS):
            return
        said = Components.said(error) or told(error, "Construct")[1]
        await context.abort(grpc.StatusCode.UNKNOWN, in_camel_case(said, PROPERTIES))

    async def _construct_response(self, result: ConstructResult) -> proto.ConstructResponse:
        """Without what a resource that failed leaves unknown: outside a preview the engine takes no such secret, and
        would end the run for every other number."""
        answer = await super()._construct_response(result)
        if not pulumi.runtime.is_dry_run():
            for name, value in received(answer.state).values.items():
                if not is_known(value):
                    del answer.state.fields[name]
        return answer

    @_answered
    def GetSchema(self, request: proto.GetSchemaRequest) -> proto.GetSchemaResponse:  # noqa: N802
        """What the languages' SDKs are generated from."""
        return proto.GetSchemaResponse(schema=json.dumps(package_schema()))

    @_answered
    def GetPluginInfo(self, request: empty_pb2.Empty) -> plugin_pb2.PluginInfo:  # noqa: N802
        """The version."""
        return plugin_pb2.PluginInfo(version=VERSION)

    @_answered
    def CheckConfig(self, request: proto.CheckRequest) -> proto.CheckResponse:  # noqa: N802
        """Marks what is secret. What is missing is said by the check of what needs it."""
        news = received(request.news)
        secrets = {*news.secrets, *Configuration.names("secret")}
        return proto.CheckResponse(inputs=to_send(news.values, secrets))

    @_answered
    def DiffConfig(self, request: proto.DiffRequest) -> proto.DiffResponse:  # noqa: N802
        """Another token or address is the same account's: no resource is replaced."""
        is_other = received(request.olds).values != received(request.news).values
        changes = proto.DiffResponse.DIFF_SOME if is_other else proto.DiffResponse.DIFF_NONE
        return proto.DiffResponse(changes=changes)

    @_answered
    def Configure(self, request: proto.ConfigureRequest) -> proto.ConfigureResponse:  # noqa: N802
        """Called once, before the resources."""
        self._settings = received(request.args).values
        return proto.ConfigureResponse(
            acceptSecrets=True, supportsPreview=True, acceptResources=True, acceptOutputs=True
        )

    @_answered
    def Check(self, request: proto.CheckRequest) -> proto.CheckResponse:  # noqa: N802
        """See :class:`ResourceCalls`."""
        return self._resource(request.urn).check(request)

    @_answered
    def Diff(self, request: proto.DiffRequest) -> proto.DiffResponse:  # noqa: N802
        """See :class:`ResourceCalls`."""
        return self._resource(request.urn).diff(request)

    @_answered
    def Create(self, request: proto.CreateRequest) -> proto.CreateResponse:  # noqa: N802
        """See :class:`ResourceCalls`."""
        return self._resource(request.urn).create(request)

    @_answered
    def Read(self, request: proto.ReadRequest) -> proto.ReadResponse:  # noqa: N802
        """See :class:`ResourceCalls`."""
        return self._resource(request.urn).read(request)

    @_answered
    def Update(self, request: proto.UpdateRequest) -> proto.UpdateResponse:  # noqa: N802
        """See :class:`ResourceCalls`."""
        return self._resource(request.urn).update(request)

    @_answered
    def Delete(self, request: proto.DeleteRequest) -> empty_pb2.Empty:  # noqa: N802
        """See :class:`ResourceCalls`."""
        self._resource(request.urn).delete(request)
        return empty_pb2.Empty()

    @_answered
    def Invoke(self, request: proto.InvokeRequest) -> proto.InvokeResponse:  # noqa: N802
        """A function of the package."""
        found = FUNCTIONS[request.tok].answer(received(request.args), self._account)
        return proto.InvokeResponse(**{"return": to_send(found)})

    async def Cancel(self, request: empty_pb2.Empty, context: Any) -> empty_pb2.Empty:  # noqa: N802
        """Ends what waits, at once: there may be no thread left."""
        self._clock.cancel()
        return empty_pb2.Empty()

    @property
    def _account(self) -> ConfiguredAccount:
        return ConfiguredAccount(lambda setting: self._settings.get(setting.removeprefix(f"{PACKAGE}:")), self._run)

    def _resource(self, urn: str) -> ResourceCalls:
        type_token = urn.split("::")[2].rsplit("$", 1)[-1]
        return ResourceCalls(BY_TOKEN[type_token], Context(self._run, self._account))

"""Pulumi's engine and AWS as mocks: the program runs, and each of its requests is kept. Nothing reaches AWS."""

import runpy
from pathlib import Path
from typing import Any

import pulumi
from pulumi.runtime.mocks import MockCallArgs, MockMonitor, MockResourceArgs, Mocks
from pulumi.runtime.stack import Stack

from whatsapp_flow_encryption.testing import FlowKeyMocks

PROGRAM = Path(__file__).parents[1] / "__main__.py"
ACCOUNT, REGION, STACK = "123456789012", "eu-west-1", "prod"
APP_SECRET = "secretOfTheAppForTestsOnly"
API = "https://abcd.execute-api.eu-west-1.amazonaws.com"
EXECUTION = f"arn:aws:execute-api:{REGION}:{ACCOUNT}:abcd"
LOG = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:support-line"

FUNCTION, PERMISSION = "aws:lambda/function:Function", "aws:lambda/permission:Permission"
INTEGRATION, ROUTE = "aws:apigatewayv2/integration:Integration", "aws:apigatewayv2/route:Route"
STAGE, ROLE_POLICY = "aws:apigatewayv2/stage:Stage", "aws:iam/rolePolicy:RolePolicy"
KEY = "pulumi-python:dynamic/whatsapp:EncryptionKey"
REGISTRATION = "pulumi-python:dynamic/whatsapp:KeyRegistration"

_MADE = {
    "aws:apigatewayv2/api:Api": {"apiEndpoint": API, "executionArn": EXECUTION},
    "aws:cloudwatch/logGroup:LogGroup": {"arn": LOG, "name": "support-line"},
    "aws:iam/role:Role": {"arn": f"arn:aws:iam::{ACCOUNT}:role/support-line"},
    "aws:lambda/layerVersion:LayerVersion": {"arn": "arn:of-the-layer"},
    FUNCTION: {"name": "support-line", "invokeArn": "arn:to-invoke-the-function"},
}
_CALLED = {
    "aws:index/getRegion:getRegion": {"region": REGION},
    "aws:index/getCallerIdentity:getCallerIdentity": {"accountId": ACCOUNT},
}


class CanNotBeMade(Exception):
    """What AWS says of the type that fails."""


class Cloud(FlowKeyMocks):
    """What AWS would answer beside the providers of the key; nothing of the type `failing` can be made."""

    def __init__(self, failing: str | None) -> None:
        super().__init__()
        self._failing = failing

    def new_resource(self, args: MockResourceArgs) -> tuple[str | None, dict[Any, Any]]:
        if args.typ == self._failing:
            raise CanNotBeMade(args.typ)
        id_, outputs = super().new_resource(args)
        return id_, {**outputs, **_MADE.get(args.typ, {})}

    def call(self, args: MockCallArgs) -> tuple[dict[Any, Any], list[tuple[str, str]] | None]:
        return _CALLED[args.token], []


class Engine(MockMonitor):
    """Keeps each request as it would reach the engine: with its dependencies, and with secrets marked as such."""

    def __init__(self, mocks: Mocks) -> None:
        super().__init__(mocks)
        self._requests: list[Any] = []

    def RegisterResource(self, request: Any) -> Any:  # noqa: N802 - the engine's name
        self._requests.append(request)
        return super().RegisterResource(request)  # type: ignore[no-untyped-call] # of the SDK

    @property
    def names(self) -> dict[str, set[str]]:
        """The names of what was asked for, by type."""
        types = {request.type for request in self._requests}
        return {kind: {request.name for request in self._requests if request.type == kind} for kind in types}

    def inputs(self, kind: str, name: str = "support-line") -> dict[str, Any]:
        """The inputs of one; what is secret, or holds a secret, is as :func:`secret` takes it."""
        inputs: dict[str, Any] = pulumi.runtime.rpc.deserialize_properties(self._asked(kind, name).object)
        return inputs

    def waits_for(self, kind: str, name: str = "support-line") -> set[tuple[str, str]]:
        """Types and names of what has to be there before one is asked for."""
        urns = [urn.split("::") for urn in self._asked(kind, name).dependencies]
        return {(types.split("$")[-1], name) for _, _, types, name in urns}

    def _asked(self, kind: str, name: str) -> Any:
        (found,) = [request for request in self._requests if (request.type, request.name) == (kind, name)]
        return found


def secret(value: Any) -> Any:
    """What a secret input holds; fails for one that would stand in the state in plain text."""
    assert pulumi.runtime.rpc.is_rpc_secret(value)
    return pulumi.runtime.rpc.unwrap_rpc_secret(value)


def run(*, kms_key: str = "", failing: str | None = None) -> Engine:
    """The program, run once."""
    config = {"project:phoneNumberId": "106540352242922", "project:kmsKeyArn": kms_key}
    pulumi.runtime.set_all_config({**config, "whatsapp:appSecret": APP_SECRET}, ["whatsapp:appSecret"])
    engine = Engine(Cloud(failing))
    pulumi.runtime.set_mocks(engine.mocks, project="project", stack=STACK, preview=False, monitor=engine)
    try:
        pulumi.runtime.test(_program)()  # type: ignore[no-untyped-call] # of the SDK
    except CanNotBeMade:
        assert failing
    return engine


def outputs() -> dict[str, Any]:
    """The stack's outputs after the last run."""
    stack = pulumi.runtime.get_root_resource()
    assert isinstance(stack, Stack)
    found: dict[str, Any] = stack.outputs
    return found


def _program() -> None:
    runpy.run_path(str(PROGRAM))

"""Pulumi's engine as mocks: a program runs in milliseconds, and what the engine would be asked for is kept."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import Context
from functools import partial
from typing import Any, NamedTuple

import pulumi
from pulumi.runtime.mocks import MockCallArgs, MockMonitor, MockResourceArgs, Mocks

from whatsapp_flow_encryption.testing import FlowKeyMocks

KEY = "pulumi-python:dynamic/whatsapp:EncryptionKey"
RING = "pulumi-python:dynamic/whatsapp:KeyRing"
STORED_RING = "pulumi-python:dynamic/whatsapp:StoredKeyRing"
REGISTRATION = "pulumi-python:dynamic/whatsapp:KeyRegistration"
PASSWORD = "random:index/randomPassword:RandomPassword"
LINE = "whatsapp:flows:FlowEncryption"


class Echo(Mocks):
    """As people write mocks for a program of their own: a resource's inputs are its outputs."""

    def new_resource(self, args: MockResourceArgs) -> Any:
        return [f"{args.name}_id", args.inputs]

    def call(self, args: MockCallArgs) -> Any:
        return {}


class Engine(MockMonitor):
    """Keeps what a program asks for, in its order."""

    def __init__(self, mocks: Mocks) -> None:
        super().__init__(mocks)
        self.requests: list[Any] = []

    def RegisterResource(self, request: Any) -> Any:  # noqa: N802 - the engine's name
        self.requests.append(request)
        return super().RegisterResource(request)  # type: ignore[no-untyped-call] # of the SDK

    @property
    def kinds(self) -> list[str]:
        """The types of what was asked for, but for the stack itself."""
        return [request.type for request in self.requests if request.type != "pulumi:pulumi:Stack"]

    def asked(self, kind: str) -> Any:
        """The only request for a resource of a type."""
        (found,) = [request for request in self.requests if request.type == kind]
        return found

    def inputs(self, kind: str) -> dict[str, Any]:
        """Its inputs, without the pickled provider; secrets are marked as such."""
        inputs: dict[str, Any] = pulumi.runtime.rpc.deserialize_properties(self.asked(kind).object)
        inputs.pop("__provider", None)
        return inputs

    def made(self, kind: str) -> dict[str, Any]:
        """Its outputs."""
        (found,) = [made.state for urn, made in self.resources.items() if _type(urn) == kind]
        return {name: pulumi.runtime.rpc.unwrap_rpc_secret(value) for name, value in found.items()}

    def waits_for(self, kind: str) -> set[str]:
        """The types of what has to be there before it."""
        return {_type(urn) for urn in self.asked(kind).dependencies}


class Seen(NamedTuple):
    """An output, as a program sees it."""

    value: Any
    is_secret: bool


class Look:
    """Looks at outputs within a program; each that is known is seen once the program has ended."""

    def __init__(self) -> None:
        self._seen: dict[str, Seen] = {}

    def at(self, **outputs: Any) -> None:
        """Each by its name; None where the program has none."""
        for name, output in outputs.items():
            if output is None:
                self._seen[name] = Seen(None, False)
                continue
            whole = pulumi.Output.all(output)  # with outputs that it holds
            pulumi.Output.all(whole, whole.is_secret()).apply(partial(self._see, name))

    def _see(self, name: str, found: Sequence[Any]) -> None:
        (value,), is_secret = found
        self._seen[name] = Seen(value, is_secret)

    @property
    def names(self) -> set[str]:
        """Those that were known."""
        return set(self._seen)

    def __getitem__(self, name: str) -> Seen:
        return self._seen[name]


def run(
    program: Callable[[], object],
    mocks: Mocks | None = None,
    *,
    preview: bool = False,
    config: Mapping[str, str] | None = None,
    secrets: Sequence[str] = (),
) -> Engine:
    """The program, run once in the stack acme/flows/prod; it leaves nothing behind in this process.

    ``config``: settings by their full keys, of which those in ``secrets`` are secret.
    """
    engine = Engine(mocks or FlowKeyMocks())

    def prepared() -> None:
        loop = asyncio.new_event_loop()
        loop.set_exception_handler(lambda *_: None)  # the SDK leaves futures behind when a program fails
        asyncio.set_event_loop(loop)
        pulumi.runtime.set_all_config(dict(config or {}), list(secrets))
        pulumi.runtime.set_mocks(
            engine.mocks, project="flows", stack="prod", organization="acme", preview=preview, monitor=engine
        )
        try:
            pulumi.runtime.test(program)()  # type: ignore[no-untyped-call] # of the SDK
        finally:
            loop.close()

    with ThreadPoolExecutor(1) as thread:  # with a context and a loop of its own
        thread.submit(Context().run, prepared).result()
    return engine


def plain(value: Any) -> Any:
    """What a secret input holds; fails for one that would stand in the state in plain text."""
    assert pulumi.runtime.rpc.is_rpc_secret(value)
    return pulumi.runtime.rpc.unwrap_rpc_secret(value)


def _type(urn: str) -> str:
    return urn.split("::")[2].split("$")[-1]

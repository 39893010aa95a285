"""What a program asks the engine for, from the component itself: it runs once for each shape of a program.

The engine's part is played by Pulumi's mocks. They answer with marks instead of outputs; so an input that is an output
of another resource holds its mark, and :func:`asked_for` says which one it is.
"""

import asyncio
import contextvars
import functools
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import pulumi
from pulumi.dynamic import Resource
from pulumi.runtime.mocks import MockMonitor, MockResourceArgs, Mocks
from pulumi.runtime.rpc import unwrap_rpc_secret

from tests.model.keys import by_hand
from tests.model.world import NUMBER
from whatsapp_flow_encryption import FlowEncryption, GeneratedPassphrase, resources
from whatsapp_flow_keys import document
from whatsapp_flow_keys.dynamic.provider import PROVIDER_KEY
from whatsapp_flow_keys.ring import KeyRing

PASSPHRASE = "RandomPassword"


class Arguments(NamedTuple):
    """What a person writes in a FlowEncryption."""

    store: str
    backups: tuple[str, ...] = ()
    rotation_trigger: str | None = None
    passphrase: str | None = None
    generated: bool = False
    take_over: str | None = None
    force_destroy: bool = False
    given: bool = False
    gate: bool = False
    custody: str | None = None


class Output(NamedTuple):
    """An input that is the output of another resource; ``name`` is ``id`` or a property."""

    kind: str
    name: str


class Asked(NamedTuple):
    """A resource that the program asks for. ``inputs`` are by name, without what is None and without ``__provider``;
    ``needs`` are the kinds that have to be there first.

    ``deletes_first``: the options say whether it is deleted before it is replaced; None where they say nothing."""

    kind: str
    inputs: tuple[tuple[str, Any], ...]
    needs: frozenset[str]
    deletes_first: bool | None


MANAGED_BY = "organization/flows/prod"
_ORGANIZATION, _PROJECT, _STACK = MANAGED_BY.split("/")
_MARKED = "a mark: "
_SHAPES: Mapping[str, Mapping[str, Any]] = {
    "EncryptionKey": {
        "locations": ["file:///EncryptionKey/locations"],
        "former_passphrases": [f"{_MARKED}former_passphrases"],
        "issued_on": "2026-01-02",
        "custodies": ["modelkeys:EncryptionKey"],
    },
    "KeyRing": {
        "locations": ["file:///KeyRing/locations"],
        "custodies": ["modelkeys:KeyRing"],
        "ring": document.dump(KeyRing(NUMBER, MANAGED_BY, f"{_MARKED}ring")),
    },
}
"""Marks of another shape than a string, where the component looks into the value."""
_OUTPUTS: Mapping[str, frozenset[str]] = {
    **{
        name: frozenset(["id", *kind.__annotations__])
        for name, kind in vars(resources).items()
        if isinstance(kind, type) and issubclass(kind, Resource) and kind is not Resource
    },
    PASSPHRASE: frozenset(["id", "result"]),
}


class _Marks(Mocks):
    def new_resource(self, args: MockResourceArgs) -> tuple[str | None, dict[Any, Any]]:
        kind = _kind(args.typ)
        names = _OUTPUTS.get(kind, frozenset()) - {"id"}
        return _mark(kind, "id"), {**args.inputs, **{name: _mark(kind, name) for name in names}}

    def call(self, args: Any) -> tuple[dict[Any, Any], list[tuple[str, str]] | None]:
        raise AssertionError(f"the component calls {args.token}")


class _Monitor(MockMonitor):
    """Keeps each request as it would reach the engine."""

    def __init__(self) -> None:
        super().__init__(_Marks())
        self.requests: list[Any] = []

    def RegisterResource(self, request: Any) -> Any:  # noqa: N802 - the engine's name
        self.requests.append(request)
        return super().RegisterResource(request)  # type: ignore[no-untyped-call] # of the SDK


@functools.cache
def asked_for(arguments: Arguments) -> tuple[Asked, ...]:
    """The resources that one FlowEncryption asks for, in the order in which it does."""
    monitor = _Monitor()

    def prepared() -> None:
        loop = asyncio.new_event_loop()
        asyncio.set_event_loop(loop)
        pulumi.runtime.set_mocks(
            monitor.mocks,
            project=_PROJECT,
            stack=_STACK,
            preview=False,
            monitor=monitor,
            organization=_ORGANIZATION,
        )
        try:
            pulumi.runtime.test(lambda: _declare(arguments))()  # type: ignore[no-untyped-call] # of the SDK
        finally:
            loop.close()

    # In a thread and a context of its own: other tests leave theirs without an event loop.
    with ThreadPoolExecutor(1) as thread:
        thread.submit(contextvars.Context().run, prepared).result()
    return tuple(_asked(request) for request in monitor.requests if _kind(request.type) in _OUTPUTS)


def _declare(arguments: Arguments) -> None:
    FlowEncryption(
        "line",
        phone_number_id=NUMBER,
        store=arguments.store,
        backups=arguments.backups,
        passphrase=GeneratedPassphrase() if arguments.generated else arguments.passphrase,
        rotate_after_days=90,
        rotation_trigger=arguments.rotation_trigger,
        existing_private_key=by_hand().to_pem() if arguments.given else None,
        take_over=arguments.take_over,
        force_destroy=arguments.force_destroy,
        endpoint_url="https://flows.example.com/" if arguments.gate else None,
        endpoint_wait=0 if arguments.gate else None,
        custody=arguments.custody,
    )


def _asked(request: Any) -> Asked:
    found = pulumi.runtime.rpc.deserialize_properties(request.object)
    inputs = {name: _plain(value) for name, value in found.items() if name != PROVIDER_KEY}
    first = request.deleteBeforeReplace if request.deleteBeforeReplaceDefined else None
    needs = frozenset(urn.split("::")[2].rpartition("$")[2] for urn in request.dependencies)
    given = tuple(sorted((name, value) for name, value in inputs.items() if value is not None))
    return Asked(_kind(request.type), given, frozenset(map(_kind, needs)), first)


def _plain(value: Any) -> Any:
    """Without marks of secrets, lists as tuples; what is another resource's output as an :class:`Output`."""
    plain = unwrap_rpc_secret(value)
    if isinstance(plain, list):
        plain = [unwrap_rpc_secret(item) for item in plain]
    for kind, names in _OUTPUTS.items():
        for name in names:
            if plain == _mark(kind, name):
                return Output(kind, name)
    return tuple(plain) if isinstance(plain, list) else plain


def _mark(kind: str, name: str) -> Any:
    return _SHAPES.get(kind, {}).get(name, f"{_MARKED}{kind}.{name}")


def _kind(type_: str) -> str:
    return type_.rpartition(":")[2].rpartition("/")[2]

"""The real providers as functions of what they were answered.

A provider method is run with a script of answers; where the script ends, the run stops and tells the call that it made.
So a run can be taken up again from every point, in every world, by running it again with one answer more: the code
needs no change for it, as long as it has no other source of knowledge than its ports, its arguments and its memory.
"""

from collections.abc import Collection, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import datetime
from typing import Any, NamedTuple
from unittest.mock import patch

from pulumi.output import Unknown
from pulumi.runtime.rpc import unwrap_rpc_secret

from tests.model.keys import computed_once, ours, public_pem
from tests.model.world import NOW, Call, Digest, Failure, Pinged, Props
from tests.model.world import Asked as Answered
from whatsapp_flow_keys import document
from whatsapp_flow_keys.audit import Event
from whatsapp_flow_keys.custody import services
from whatsapp_flow_keys.dynamic.encryption_key import EncryptionKeyProvider
from whatsapp_flow_keys.dynamic.key_registration import KeyRegistrationProvider
from whatsapp_flow_keys.dynamic.key_ring import KeyRingProvider
from whatsapp_flow_keys.dynamic.stored_key_ring import StoredKeyRingProvider
from whatsapp_flow_keys.errors import FlowKeysError, StoreConflictError, StoreUnavailableError
from whatsapp_flow_keys.flow_protocol.live_endpoint import Refusal
from whatsapp_flow_keys.key_reference import KeyReference
from whatsapp_flow_keys.keys import PrivateKey, public_key_fingerprint
from whatsapp_flow_keys.registrars.meta_graph.errors import AccountLockedError, AnswerLostError, UnreachableError
from whatsapp_flow_keys.registrars.registrar import ServedKey
from whatsapp_flow_keys.resources.in_passing import digest_of
from whatsapp_flow_keys.resources.properties import KeyState
from whatsapp_flow_keys.resources.run import Run
from whatsapp_flow_keys.ring import KeyRing
from whatsapp_flow_keys.stores import urls
from whatsapp_flow_keys.stores.kind import StoreKind
from whatsapp_flow_keys.stores.store import Versioned

PROVIDERS = {
    "EncryptionKey": EncryptionKeyProvider(),
    "KeyRing": KeyRingProvider(),
    "StoredKeyRing": StoredKeyRingProvider(),
    "KeyRegistration": KeyRegistrationProvider(),
}
SCHEME, KEYS_SCHEME = "model", "modelkeys"
UNKNOWN = Unknown()  # type: ignore[no-untyped-call] # of the SDK
"""What the engine gives to a `diff` for an output that isn't known yet."""
SOFT = "soft"
"""In a model store's URL: what it deletes can be brought back."""
JOINS = "joins"
"""In a model store's URL: it has no compare-and-set; of two who write at one moment one joins the keys of both."""


class Asked(BaseException):
    """The script ended at this call. No code catches it."""

    def __init__(self, call: Call) -> None:
        self.call = call


class Result(NamedTuple):
    """What a method returned, frozen: the fields that its kind of result has."""

    id: str = ""
    outs: Any = None
    inputs: Any = None
    failures: tuple[str, ...] = ()
    changes: bool = False
    replaces: tuple[str, ...] = ()


class Done(NamedTuple):
    """The method returned; ``memory`` is what the provider's process remembers then."""

    result: Result
    memory: "Memory"


class Failed(NamedTuple):
    """The method raised one of the product's errors."""

    kind: str
    text: str


Memory = tuple[tuple[str, str, Any], ...]
"""What a provider's process remembers: which part of its run, which attribute, and the value, frozen."""

NOTHING: Memory = ()
_PARTS = ("keys", "rings", "registrations", "passing")
_PLAIN = (str, int, float, bool, type(None), KeyRing, KeyState, datetime)


class Task(NamedTuple):
    """One call of a provider by the engine. ``arguments`` are frozen; ``fresh``: the pair and the id to be made."""

    kind: str
    method: str
    arguments: tuple[Any, ...]
    memory: Memory
    fresh: int = 0


class Point:
    """A task after some answers: its next call, its result or its error. The same history is the same object."""

    __slots__ = ("_next", "answers", "end", "task")

    def __init__(self, task: Task, answers: tuple[Any, ...]) -> None:
        self.task, self.answers = task, answers
        self._next: dict[Any, Point] = {}
        self.end: Call | Done | Failed = _run(task, answers)

    def answered(self, answer: Any) -> "Point":
        """The point after one answer more."""
        point = self._next.get(answer)
        if point is None:
            point = self._next[answer] = Point(self.task, (*self.answers, answer))
        return point


_points: dict[Task, Point] = {}
"""Kept from search to search: they are the same for the same product."""


def forget() -> None:
    """The product is another one from now on."""
    _points.clear()
    _rings.clear()


def begin(task: Task) -> Point:
    """The point before any answer."""
    point = _points.get(task)
    if point is None:
        point = _points[task] = Point(task, ())
    return point


class _Script:
    """The answers of the run under way."""

    def __init__(self) -> None:
        self.answers: tuple[Any, ...] = ()
        self.position = 0
        self.fresh = 0

    def ask(self, call: Call) -> Any:
        if self.position == len(self.answers):
            raise Asked(call)
        answer = self.answers[self.position]
        self.position += 1
        if isinstance(answer, Failure):
            raise _error(answer)
        return answer


_script = _Script()


def _error(failure: Failure) -> FlowKeysError:
    if failure is Failure.META_DOWN:
        return UnreachableError("ask")
    if failure is Failure.META_REFUSES:
        return AccountLockedError("publish")
    if failure is Failure.ANSWER_LOST:
        return AnswerLostError("publish")
    if failure is Failure.CONFLICT:
        return StoreConflictError("model", "somebody else wrote")
    return StoreUnavailableError("model", "does not answer")


class ScriptedGraph:
    """The port to Meta."""

    def served(self, _phone_number_id: str) -> ServedKey:
        answer: ServedKey = _script.ask(Call("get"))
        return answer

    def publish(self, _phone_number_id: str, public_key_pem: str) -> None:
        _script.ask(Call("publish", subject=public_key_fingerprint(public_key_pem)))


class ScriptedEndpoint:
    """The port to the live endpoint, which the gate asks."""

    def ping(self, public_key_pem: str) -> Refusal | None:
        pinged: Pinged = _script.ask(Call("ping", subject=public_key_fingerprint(public_key_pem)))
        return pinged.refusal


class ScriptedAccount:
    """The account: whose ports are scripted, and which notes nothing."""

    def check(self, _registrar: str) -> None:
        pass

    def registrar(self, _url: str) -> ScriptedGraph:
        return ScriptedGraph()

    def endpoint(self, _url: str, _registrar: str) -> ScriptedEndpoint:
        return ScriptedEndpoint()

    def audit(self) -> "ScriptedAccount":
        return self

    def record(self, event: Event) -> None:
        pass

    def naming(self, text: str, _phone_number_id: str | None) -> str:
        return text


class ScriptedStore:
    """The port to a store; its URL is ``model:0``, ``model:0:soft`` or ``model:0:soft:joins``."""

    secret_id = "model"
    is_ours = True
    is_recorded = False

    def __init__(self, url: str, _field: str = "") -> None:
        self.url = self.location = url
        _, place, *kinds = url.split(":")
        self._place, self._joins = int(place), JOINS in kinds
        self.recoverable = SOFT in kinds

    def read(self) -> Versioned:
        answer: Versioned = _script.ask(Call("read", self._place))
        return answer

    def write(self, ring: KeyRing, expected: Versioned) -> Versioned:
        version = _script.ask(Call("write", self._place, ring, int(expected.version), self._joins))
        return Versioned(ring, str(version))

    def settle(self) -> None:
        pass

    def restore(self) -> None:
        _script.ask(Call("restore", self._place))

    def delete(self, expected: Versioned) -> str:
        _script.ask(Call("delete", self._place, self.recoverable, int(expected.version), self._joins))
        return ""


class ScriptedService:
    """The port to a key service."""

    def __init__(self, url: str, _number: str, _field: str) -> None:
        self.url = url

    def make(self) -> KeyReference:
        made = ours()[_script.fresh]
        _script.ask(Call("make", subject=made.fingerprint))
        return self._reference(made.fingerprint)

    def adopt(self, key: PrivateKey) -> KeyReference:
        _script.ask(Call("make", subject=key.fingerprint))
        return self._reference(key.fingerprint)

    def find(self, fingerprint: str) -> KeyReference | None:
        found: Answered = _script.ask(Call("find", subject=fingerprint))
        return self._reference(fingerprint) if found.said else None

    def trouble(self, reference: KeyReference) -> str | None:
        answered: Answered = _script.ask(Call("trouble", subject=reference.fingerprint))
        return None if answered.said else "it is out of use"

    def retire(self, gone: Collection[str], kept: Collection[str]) -> None:
        _script.ask(Call("retire", subject=(tuple(gone), tuple(kept))))

    def unwrap(self, reference: KeyReference, wrapped: bytes) -> bytes:
        raise AssertionError("a stack has no right to decrypt")

    def _reference(self, fingerprint: str) -> KeyReference:
        return KeyReference(self.url, fingerprint, public_pem(fingerprint))


_ACCOUNT = ScriptedAccount()
KIND = StoreKind(ScriptedStore, str)
"""The model's kind of store."""


class StandingClock:
    """No time passes within a run."""

    def now(self) -> datetime:
        return NOW

    def monotonic(self) -> float:
        return 0.0

    def sleep(self, _seconds: float) -> None:
        pass


def _run(task: Task, answers: tuple[Any, ...]) -> Call | Done | Failed:
    _script.answers, _script.position, _script.fresh = answers, 0, task.fresh
    provider, run = PROVIDERS[task.kind], _run_with(task.memory)
    provider._run, provider._account = run, _ACCOUNT
    method = getattr(type(provider), task.method).__wrapped__  # with its errors as they are, not yet in one sentence
    try:
        result = method(provider, *(thaw(argument) for argument in task.arguments))
    except Asked as asked:
        return asked.call
    except FlowKeysError as error:
        return Failed(type(error).__name__, str(error))
    return Done(_frozen(result), _memory(run))


def _frozen(result: Any) -> Result:
    outs, inputs = getattr(result, "outs", None), getattr(result, "inputs", None)
    return Result(
        getattr(result, "id", ""),
        None if outs is None else freeze(outs),
        None if inputs is None else freeze(inputs),
        tuple(failure.reason for failure in getattr(result, "failures", None) or ()),
        bool(getattr(result, "changes", False)),
        tuple(getattr(result, "replaces", None) or ()),
    )


def _run_with(memory: Memory) -> Run:
    run = Run(StandingClock(), lambda: f"id-{_script.fresh}", lambda _text: None, lambda: ours()[_script.fresh])
    for part, name, value in memory:
        setattr(getattr(run, part), name, _given_back(value))
    return run


def _memory(run: Run) -> Memory:
    """All that the parts of a run remember, whatever they call it; what is empty is left out."""
    found = ((part, name, value) for part in _PARTS for name, value in sorted(vars(getattr(run, part)).items()))
    return tuple((part, name, _kept(value)) for part, name, value in found if value and not hasattr(value, "acquire"))


def _kept(value: Any) -> Any:
    if isinstance(value, dict):
        return dict, tuple(sorted((name, _kept(item)) for name, item in value.items()))
    if isinstance(value, set | frozenset):
        return set, frozenset(value)
    if isinstance(value, tuple):
        return tuple, tuple(_kept(item) for item in value)
    assert isinstance(value, _PLAIN), f"a run remembers a {type(value).__name__}, which no search can freeze"
    return value


def _given_back(value: Any) -> Any:
    if type(value) is not tuple:
        return value
    kind, items = value
    if kind is dict:
        return {name: _given_back(item) for name, item in items}
    return set(items) if kind is set else tuple(_given_back(item) for item in items)


def freeze(value: Any) -> Any:
    """A value of the engine as an immutable one: None is dropped from what has names, a document becomes a ring.

    Marks of secrets go: the engine keeps them to itself.
    """
    if isinstance(value, Mapping):
        named = ((name, unwrap_rpc_secret(item)) for name, item in sorted(value.items()) if item is not None)
        return Props(tuple((name, _frozen_ring(item) if name == "ring" else freeze(item)) for name, item in named))
    if isinstance(value, list):
        return tuple(freeze(item) for item in value)
    return value


def thaw(value: Any) -> Any:
    """The other way round."""
    if isinstance(value, Props):
        return {name: thaw(item) for name, item in value.items}
    if isinstance(value, KeyRing):
        return _text_of(value)
    if isinstance(value, Digest):
        return digest_of(_text_of(value.ring))
    if isinstance(value, tuple):
        return [thaw(item) for item in value]
    return value


_texts: dict[KeyRing, str] = {}
_rings: dict[str, KeyRing] = {}
_digests: dict[object, KeyRing] = {}
"""Of the texts that a program was given."""


def _frozen_ring(value: str) -> KeyRing | Digest:
    """The registration's is a document where the program gives it, and a digest in the state."""
    return Digest(_digests[value]) if value in _digests else _ring_of(value)


def _text_of(ring: KeyRing) -> str:
    text = _texts.get(ring)
    if text is None:
        text = _texts[ring] = document.dump(ring)
        _rings[text] = _digests[digest_of(text)] = ring
    return text


def _ring_of(text: str) -> KeyRing:
    ring = _rings.get(text)
    if ring is None:
        ring = _rings[text] = document.load(text, "state")
    return ring


@contextmanager
def scripted() -> Iterator[None]:
    """Within this block the providers' ports are scripted, and their process remembers what a task says."""
    with ExitStack() as patches:
        patches.enter_context(computed_once())
        patches.enter_context(patch.dict(urls.KINDS, {SCHEME: __name__}))
        patches.enter_context(patch.dict(services.KINDS, {KEYS_SCHEME: "tests.model.scripted_keys"}))
        yield

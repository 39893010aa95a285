"""Both front ends are one product: in every history of a search the native provider makes the same calls of the ports,
in the same order, as the dynamic one, and comes to the same result, error and memory."""

from collections.abc import Callable, Iterator
from typing import Any
from unittest.mock import patch

import pytest
from google.protobuf.struct_pb2 import Struct
from pulumi.runtime.proto import provider_pb2 as proto

from tests.model import ports
from tests.model.around import around
from tests.model.lives import adoption, create_and_rotate, whole_life
from tests.model.ports import Asked, Done, Failed, Result, Task, scripted
from tests.model.search import Scenario, explore, label
from tests.model.world import Call
from whatsapp_flow_keys.dynamic.wire import received as of_the_sdk
from whatsapp_flow_keys.errors import FlowKeysError
from whatsapp_flow_keys.native.kinds import KINDS, PROPERTIES
from whatsapp_flow_keys.native.names import in_camel_case
from whatsapp_flow_keys.native.resource_calls import ResourceCalls
from whatsapp_flow_keys.native.wire import received, to_send
from whatsapp_flow_keys.resources.context import Context
from whatsapp_flow_keys.resources.schema import camel

SEARCHES = [
    create_and_rotate("the stack", faults=2),
    create_and_rotate("a store with a backup", faults=1),
    whole_life("one store with soft deletion", faults=0, length=3),
    whole_life("a move out of the stack", faults=0, length=3),
    adoption("one store", faults=0, length=3),
    around("a generated passphrase"),
]


@pytest.fixture
def compared() -> Iterator[list[Task]]:
    """Within a test each call of the engine is answered by both; the tasks that were compared."""
    seen: list[Task] = []
    by_dynamic = ports._run

    def by_both(task: Task, answers: tuple[Any, ...]) -> Call | Done | Failed:
        seen.append(task)
        wanted, found = by_dynamic(task, answers), by_native(task, answers)
        assert found == _in_its_words(wanted), f"{task.kind}.{task.method} after {len(answers)} answers"
        return wanted

    ports.forget()
    with patch.object(ports, "_run", by_both):
        yield seen
    ports.forget()


@pytest.mark.parametrize("search", SEARCHES, ids=label)
def test_the_native_provider_does_what_the_dynamic_one_does(search: Scenario, compared: list[Task]) -> None:
    with scripted():
        found = explore(search)
    assert found.broken is None
    assert {task.method for task in compared} == {"check", "diff", "create", "read", "update", "delete"}
    assert len(compared) > 500


def by_native(task: Task, answers: tuple[Any, ...]) -> Call | Done | Failed:
    """As ``ports._run``, by the native front end."""
    ports._script.answers, ports._script.position, ports._script.fresh = answers, 0, task.fresh
    run = ports._run_with(task.memory)
    calls = ResourceCalls(KINDS[task.kind], Context(run, ports._ACCOUNT))
    try:
        result = _METHODS[task.method](calls, *(ports.thaw(argument) for argument in task.arguments))
    except Asked as asked:
        return asked.call
    except FlowKeysError as error:
        return Failed(type(error).__name__, str(error))
    return Done(result, ports._memory(run))


def _in_its_words(answer: Call | Done | Failed) -> Call | Done | Failed:
    """What the check of the dynamic provider says, with the names that a program of the native one has."""
    if not isinstance(answer, Done) or not answer.result.failures:
        return answer
    said = tuple(in_camel_case(failure, PROPERTIES) for failure in answer.result.failures)
    return answer._replace(result=answer.result._replace(failures=said))


def _sent(props: Any) -> Struct:
    return to_send({name: of_the_sdk(value) for name, value in (props or {}).items() if not name.startswith("__")})


def _frozen(calls: ResourceCalls, sent: Struct) -> Any:
    """A state or inputs by the names of the rules, as the search keeps them."""
    by_wire = {camel(name): name for name in PROPERTIES}
    return ports.freeze({by_wire[name]: _as_the_sdk(value) for name, value in received(sent).values.items()})


def _as_the_sdk(value: Any) -> Any:
    return ports.UNKNOWN if of_the_sdk(ports.UNKNOWN) is value else value


def _check(calls: ResourceCalls, olds: Any, news: Any) -> Result:
    answer = calls.check(proto.CheckRequest(olds=_sent(olds), news=_sent(news)))
    return Result(inputs=_frozen(calls, answer.inputs), failures=tuple(each.reason for each in answer.failures))


def _diff(calls: ResourceCalls, id_: str, olds: Any, news: Any) -> Result:
    answer = calls.diff(proto.DiffRequest(id=id_, olds=_sent(olds), news=_sent(news), old_inputs=_sent(olds)))
    by_wire = {camel(name): name for name in PROPERTIES}
    replaces = tuple(by_wire[name] for name in answer.replaces)
    return Result(changes=answer.changes == proto.DiffResponse.DIFF_SOME, replaces=replaces)


def _create(calls: ResourceCalls, props: Any) -> Result:
    answer = calls.create(proto.CreateRequest(properties=_sent(props)))
    return Result(id=answer.id, outs=_frozen(calls, answer.properties))


def _read(calls: ResourceCalls, id_: str, props: Any) -> Result:
    answer = calls.read(proto.ReadRequest(id=id_, properties=_sent(props), inputs=_sent(props)))
    inputs = None if calls._rules.read.__qualname__.startswith("Rules.") else _frozen(calls, answer.inputs)
    return Result(id=answer.id, outs=_frozen(calls, answer.properties), inputs=inputs)


def _update(calls: ResourceCalls, id_: str, olds: Any, news: Any) -> Result:
    answer = calls.update(proto.UpdateRequest(id=id_, olds=_sent(olds), news=_sent(news)))
    return Result(outs=_frozen(calls, answer.properties))


def _delete(calls: ResourceCalls, id_: str, props: Any) -> Result:
    calls.delete(proto.DeleteRequest(id=id_, properties=_sent(props)))
    return Result()


_METHODS: dict[str, Callable[..., Result]] = {
    "check": _check,
    "diff": _diff,
    "create": _create,
    "read": _read,
    "update": _update,
    "delete": _delete,
}

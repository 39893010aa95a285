"""What Pulumi's engine does with a program's resources, held to the real one by tests/stack/test_engine_model.py: which
method it calls, with what, in which order, and when it saves the state.

A run goes from call to call of the real providers. It ends when everything is done, at the first error (or, where it
continues on errors, when all that doesn't depend on one is done), or when its process goes down: what was saved until
then is the state.
"""

from typing import Any, NamedTuple

from tests.model.component import MANAGED_BY, PASSPHRASE, Asked, Output
from tests.model.keys import ours
from tests.model.mentions import fresh_number, words
from tests.model.ports import NOTHING, UNKNOWN, Done, Failed, Memory, Point, Result, Task, begin
from tests.model.program import KEY, KINDS, REGISTRATION, Command, Program
from tests.model.world import Call, Props, Resource, World

_GENERATED = "a-generated-passphrase-"


class Todo(NamedTuple):
    """What a run is to do: ``word`` is make, read, delete or deletions. ``id`` and ``due`` tell two of a name apart."""

    word: str
    kind: str = ""
    name: str = ""
    id: str = ""
    due: bool = False


class Run(NamedTuple):
    """A command under way. ``point`` is where the provider is; None between two of its calls, never seen outside.

    ``state`` is the state as this run knows it: what it saves. ``failed`` are kinds and names."""

    actor: int
    command: Command
    program: Program
    todo: tuple[Todo, ...]
    state: tuple[Resource, ...]
    point: Point | None = None
    memories: tuple[Memory, ...] = (NOTHING, NOTHING)
    process: int = 0
    target: tuple[Any, ...] = ()
    registered: bool = False
    failed: frozenset[tuple[str, str]] = frozenset()
    error: Failed | None = None

    @property
    def slot(self) -> int:
        """Which of the world's states it works on."""
        return self.actor if self.program.slot is None else self.program.slot


class Ended(NamedTuple):
    """How a run ended: ``error`` is None where all was done."""

    error: Failed | None
    registered: bool = False


def start(world: World, actor: int, command: Command, program: Program) -> tuple[World, Run | Ended]:
    """A command, up to its first call of a port."""
    state = state_of(world, actor, program)
    todo: tuple[Todo, ...] = ()
    if command.verb == "refresh" or command.refresh:
        order = sorted(state, key=lambda r: (r.deleted is command.due_last, KINDS.index(r.kind)))
        todo += tuple(Todo("read", r.kind, r.name, r.id, r.deleted) for r in order if r.kind != PASSPHRASE)
    if command.verb == "up":
        todo += tuple(
            Todo("make", asked.kind, name)
            for name in program.names
            for asked in program.asks_for()
            if command.reaches(asked.kind, name)
        )
    if command.verb != "refresh":
        todo += (Todo("deletions"),)
    return _go_on(world, Run(actor, command, program, todo, state))


def answered(world: World, run: Run, answer: Any) -> tuple[World, Run | Ended]:
    """A run after an answer to its call, up to the next call or to where a result is to be saved."""
    assert run.point is not None
    return _settle(world, run._replace(point=run.point.answered(answer)))


def saved(world: World, run: Run) -> tuple[World, Run | Ended]:
    """A run whose provider returned, after the engine saved the result."""
    assert run.point is not None
    end = run.point.end
    assert isinstance(end, Done)
    word, old, *more = run.target
    if word == "make":
        state = _made(run, end.result, old, *more)
        run = run._replace(registered=run.registered or more[0].kind == REGISTRATION)
    elif word == "read":
        read = end.result
        new = old._replace(outs=read.outs, inputs=read.inputs or old.inputs)
        state = _with(run.state, old, new)
    elif word == "delete first":
        state = _with(run.state, old, old._replace(pending=True))
    else:
        state = _with(run.state, old)
    world, run = _save(world, _remembering(run, end.memory), state)
    if word == "read":
        _, run = _pure(run, old.process, old.kind, "diff", old.id, new.outs, old.inputs)
    if word == "delete first":
        return _settle_or_go_on(*_create(world, run, old, *more))
    return _go_on(world, run._replace(point=None, target=()))


def state_of(world: World, actor: int, program: Program) -> tuple[Resource, ...]:
    """The state that a program works on."""
    return world.states[actor if program.slot is None else program.slot]


def with_state(world: World, slot: int, state: tuple[Resource, ...]) -> World:
    """The world with another state of one stack."""
    return world._replace(states=(*world.states[:slot], state, *world.states[slot + 1 :]))


def live(state: tuple[Resource, ...], kind: str, name: str | None = None) -> Resource | None:
    """The resource of a kind that isn't replaced."""
    return next((r for r in state if r.kind == kind and not r.deleted and name in (None, r.name)), None)


def _save(world: World, run: Run, state: tuple[Resource, ...]) -> tuple[World, Run]:
    """The whole state is written as this run knows it, whatever another run wrote meanwhile."""
    return with_state(world, run.slot, state), run._replace(state=state)


def _with(state: tuple[Resource, ...], old: Resource, *new: Resource) -> tuple[Resource, ...]:
    return tuple(r for each in state for r in (new if each is old else (each,)))


def _remembering(run: Run, memory: Memory) -> Run:
    memories = tuple(memory if index == run.process else old for index, old in enumerate(run.memories))
    return run._replace(memories=memories)


def _settle(world: World, run: Run) -> tuple[World, Run | Ended]:
    assert run.point is not None
    if not isinstance(run.point.end, Failed):
        return world, run
    error = run.point.end
    if run.target[0] == "read":
        return world, Ended(error)
    subject = run.target[1] if run.target[0].startswith("delete") else run.target[2]
    failed = run.failed | {(subject.kind, subject.name)}
    run = run._replace(point=None, target=(), failed=failed, error=error)
    if not run.command.goes_on:  # deletions of one kind begin together
        run = run._replace(todo=tuple(each for each in run.todo if each[:2] == ("delete", subject.kind)))
    return _go_on(world, run)


def _settle_or_go_on(world: World, run: Run | Ended) -> tuple[World, Run | Ended]:
    if isinstance(run, Ended) or run.point is None:
        return (world, run) if isinstance(run, Ended) else _go_on(world, run)
    return _settle(world, run)


def _go_on(world: World, run: Run) -> tuple[World, Run | Ended]:
    """Starts what is next, until a provider is at a call or at its result."""
    while run.todo:
        todo = run.todo[0]
        run = run._replace(todo=run.todo[1:])
        if todo.word == "deletions":
            run = run._replace(todo=_deletions(run))
            continue
        if todo.word == "make":
            world, next_run = _make(world, run, todo)
        else:
            world, next_run = _read_or_delete(world, run, todo)
        if isinstance(next_run, Ended):
            return world, next_run
        run = next_run
        if run.point is not None:
            return _settle(world, run)
    return world, Ended(run.error, run.registered)


def _read_or_delete(world: World, run: Run, todo: Todo) -> tuple[World, Run]:
    old = next((r for r in run.state if (r.kind, r.name, r.id, r.deleted) == todo[1:]), None)
    if old is None:
        return world, run
    if todo.word == "delete":
        if _is_needed(run, old):
            return world, run
        if old.kind == PASSPHRASE or old.pending or old.kind in run.program.retained:
            return _save(world, run, _with(run.state, old))
    return world, _calling(run, old.process, (todo.word, old), old.kind, todo.word, old.id, old.outs)


def _is_needed(run: Run, resource: Resource) -> bool:
    """Whether something of the same name, made after it and still there, has failed: what it needs stays. A destroy
    takes what is due all the same."""
    if resource.deleted and run.command.verb == "destroy":
        return False
    later = KINDS[KINDS.index(resource.kind) + 1 :]
    return any(
        each.kind in later and each.name == resource.name and (each.kind, each.name) in run.failed for each in run.state
    )


class Making(NamedTuple):
    """A resource that is to be made: its checked inputs, and what it replaces."""

    kind: str
    name: str
    checked: Props = Props()


def _make(world: World, run: Run, todo: Todo) -> tuple[World, Run | Ended]:
    """Checks, compares, and goes to what has to be done: nothing, an update, a create."""
    asked = next(each for each in run.program.asks_for() if each.kind == todo.kind)
    old = _recorded(run, asked, todo.name)
    if asked.kind == PASSPHRASE:
        return _make_passphrase(world, run, old, todo.name)
    failed = _waits_for(run, asked, todo.name)
    program = _inputs(run, asked, todo.name, without=failed)
    none = old is None or asked.kind in run.command.replace
    checked, run, error = _checked(run, asked.kind, Props() if none or old is None else old.inputs, program)
    making = Making(asked.kind, todo.name, checked)
    if failed:
        run = run._replace(failed=run.failed | {(asked.kind, todo.name)})
        if old is not None and not none:
            _, run = _pure(run, run.program.process, *_diff(making, old))
        return world, run
    if error:
        return _failed_at(world, run, making, error)
    if none:
        return _create(world, run, old, making)
    assert old is not None
    return _compare(world, run, asked, old, making, program)


def _compare(
    world: World, run: Run, asked: Asked, old: Resource, making: Making, program: Props
) -> tuple[World, Run | Ended]:
    """What the provider says of a resource that is there."""
    process = run.program.process
    diff, run = _pure(run, process, *_diff(making, old))
    if not diff.changes and not old.pending:
        same = old._replace(inputs=making.checked, name=making.name, process=process)
        return _save(world, run, _with(run.state, old, same))
    if not diff.replaces and not old.pending:
        arguments = (old.id, old.outs, making.checked)
        return world, _calling(run, process, ("make", old, making), asked.kind, "update", *arguments)
    checked, run, error = _checked(run, asked.kind, Props(), program)
    making = making._replace(checked=checked)
    if error:
        return _failed_at(world, run, making, error)
    if not _deletes_first(run, asked):
        return _create(world, run, old, making)
    run = _compared(run, making)
    if old.pending:
        return _create(world, run, old, making)
    return world, _calling(run, old.process, ("delete first", old, making), old.kind, "delete", old.id, old.outs)


def _deletes_first(run: Run, asked: Asked) -> bool:
    """A transform has the last word; it is the key's, here."""
    return run.program.deletes_first if asked.kind == KEY and run.program.deletes_first else bool(asked.deletes_first)


def _diff(making: Making, old: Resource) -> tuple[Any, ...]:
    return making.kind, "diff", old.id, old.outs, making.checked


def _compared(run: Run, making: Making) -> Run:
    """Before something is deleted first, the engine asks what depends on it whether it has to go, too."""
    for asked in run.program.asks_for():
        needs = {name for name, value in asked.inputs if isinstance(value, Output) and value.kind == making.kind}
        old = live(run.state, asked.kind, making.name)
        if needs and old is not None:
            unknown = Props(tuple((n, UNKNOWN if n in needs else v) for n, v in old.inputs.items))
            _, run = _pure(run, old.process, asked.kind, "diff", old.id, old.outs, unknown)
    return run


def _failed_at(world: World, run: Run, making: Making, error: Failed) -> tuple[World, Run | Ended]:
    if not run.command.goes_on:
        return world, Ended(error)
    return world, run._replace(failed=run.failed | {(making.kind, making.name)}, error=error)


def _recorded(run: Run, asked: Asked, name: str) -> Resource | None:
    """What the state has of it, also under the former name where there is an alias."""
    found = live(run.state, asked.kind, name)
    if found is None and run.program.aliased:
        found = next((r for r in run.state if r.kind == asked.kind and not r.deleted), None)
    return found


def _make_passphrase(world: World, run: Run, old: Resource | None, name: str) -> tuple[World, Run]:
    """The engine's own part: RandomPassword asks nobody."""
    if old is not None and PASSPHRASE not in run.command.replace:
        return _save(world, run, _with(run.state, old, old._replace(name=name)))
    used = words(world, run.state)
    word = next(word for word in (f"{_GENERATED}{n}" for n in range(len(ours()))) if word not in used)
    new = Resource(PASSPHRASE, word, Props(), Props((("result", word),)), name=name)
    replaced = tuple(r._replace(deleted=True) if r is old else r for r in run.state)
    return _save(world, run, (*replaced, new))


def _create(world: World, run: Run, old: Resource | None, making: Making) -> tuple[World, Run]:
    fresh = 0
    if making.kind != REGISTRATION:
        fresh = fresh_number(world)
        world = world._replace(taken=world.taken | {fresh})
    target = ("make", old, making)
    return world, _calling(run, run.program.process, target, making.kind, "create", making.checked, fresh=fresh)


def _made(run: Run, result: Result, old: Resource | None, making: Making) -> tuple[Resource, ...]:
    assert run.point is not None
    kind, name, checked = making
    outs, process = result.outs, run.program.process
    if run.point.task.method == "update":
        assert old is not None
        return _with(run.state, old, Resource(kind, old.id, checked, outs, name=name, process=process))
    new = Resource(kind, result.id, checked, outs, name=name, process=process)
    if old is None:
        return (*run.state, new)
    current = next((r for r in run.state if (r.kind, r.id) == (old.kind, old.id) and not r.deleted), None)
    gone = current is None or current.pending
    rest = tuple(r if r is not current else r._replace(deleted=True) for r in run.state if r is not current or not gone)
    return (*rest, new)


def _deletions(run: Run) -> tuple[Todo, ...]:
    """Dependents first; what was replaced goes before what is alive."""
    asked = {(each.kind, name) for each in run.program.asks_for() for name in run.program.names}

    def goes(resource: Resource) -> bool:
        if not run.command.reaches(resource.kind, resource.name):
            return False
        if run.command.verb == "destroy":
            return True
        if run.command.but:
            return False
        return resource.deleted or (resource.kind, resource.name) not in asked

    going = sorted(filter(goes, run.state), key=lambda r: (-KINDS.index(r.kind), not r.deleted))
    return tuple(Todo("delete", each.kind, each.name, each.id, each.deleted) for each in going)


def _checked(run: Run, kind: str, olds: Props, news: Props) -> tuple[Props, Run, Failed | None]:
    result, run = _pure(run, run.program.process, kind, "check", olds, news)
    error = Failed("CheckFailure", "; ".join(result.failures)) if result.failures else None
    return result.inputs, run, error


def _pure(run: Run, process: int, kind: str, method: str, *arguments: Any) -> tuple[Result, Run]:
    """A method that must not ask anybody (P7)."""
    end = begin(Task(kind, method, arguments, run.memories[process])).end
    assert isinstance(end, Done), f"{kind}.{method} asked for {end}"
    return end.result, _remembering(run._replace(process=process), end.memory)


def _calling(
    run: Run, process: int, target: tuple[Any, ...], kind: str, method: str, *arguments: Any, fresh: int = 0
) -> Run:
    point = begin(Task(kind, method, arguments, run.memories[process], fresh))
    return run._replace(point=point, target=target, process=process)


def _waits_for(run: Run, asked: Asked, name: str) -> frozenset[str]:
    """The kinds that it needs and that have failed in this run."""
    return frozenset(kind for kind in asked.needs if (kind, name) in run.failed)


def _inputs(run: Run, asked: Asked, name: str, *, without: frozenset[str]) -> Props:
    """What the component gives to a resource, with the outputs of those that are there."""

    def value(given: Any) -> Any:
        if given == MANAGED_BY:
            return run.program.managed_by
        if not isinstance(given, Output):
            return given
        if given.kind in without:
            return None
        holder = live(run.state, given.kind, name)
        assert holder is not None, f"{asked.kind} needs {given}"
        return holder.id if given.name == "id" else holder.outs.get(given.name)

    found = ((name, value(given)) for name, given in asked.inputs)
    return Props(tuple((name, given) for name, given in found if given is not None))


def is_at_call(run: Run) -> Call | None:
    """The call that a run waits for; None where a result waits to be saved."""
    assert run.point is not None
    return run.point.end if isinstance(run.point.end, Call) else None

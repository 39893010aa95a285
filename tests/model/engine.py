"""What Pulumi's engine does with the three resources, as measured on the real one: which method it calls, with what,
in which order, and when it saves the state.

A run goes from call to call of the real providers. It ends when everything is done, at the first error, or when its
process goes down: what was saved until then is the state.
"""

from typing import Any, NamedTuple

from tests.model.keys import BY_HAND, OURS
from tests.model.ports import SOFT, Done, Failed, Memory, Point, Task, begin, freeze, thaw
from tests.model.world import NUMBER, Call, Props, Resource, World

KEY, RING, REGISTRATION = KINDS = ("EncryptionKey", "KeyRing", "KeyRegistration")
STACK = "stack"


class Program(NamedTuple):
    """A person's program: one FlowEncryption. ``store`` and ``backups`` are URLs of model stores, or ``stack``.

    ``before`` is the store and the backups of the step of a move before this one; ``words`` are the passphrases that
    the person ever gave, and knows; ``forced``: the person once replaced a resource by force, which shows the provider
    nothing of the state, so that an interrupted run can lose a key that was never offered. ``given``: the key made by
    hand is an argument; ``given_up``: it was adopted, and the person has deleted every other copy."""

    store: str = STACK
    backups: tuple[str, ...] = ()
    managed_by: str = "org/flows/prod"
    trigger: str = "a"
    passphrase: str | None = None
    take_over: str | None = None
    force_destroy: bool = False
    before: tuple[str, tuple[str, ...]] | None = None
    words: tuple[str, ...] = ()
    forced: bool = False
    given: bool = False
    given_up: bool = False

    def places(self) -> tuple[int, ...]:
        """The numbers of the places that it names, the store's first."""
        return tuple(place_of(url) for url in (self.store, *self.backups) if url != STACK)


class Command(NamedTuple):
    """What a person types. ``replace``: kinds that are replaced by force; ``only``: the one kind that is targeted."""

    verb: str
    refresh: bool = False
    replace: frozenset[str] = frozenset()
    only: str | None = None


class Run(NamedTuple):
    """A command under way. ``point`` is where the provider is; None between two of its calls, never seen outside."""

    actor: int
    command: Command
    program: Program
    todo: tuple[str, ...]
    point: Point | None = None
    memory: Memory = Memory()
    target: tuple[Any, ...] = ()
    registered: bool = False


class Ended(NamedTuple):
    """How a run ended: ``error`` is None where all was done."""

    error: Failed | None
    registered: bool = False


UP, UP_REFRESH, REFRESH, DESTROY = Command("up"), Command("up", refresh=True), Command("refresh"), Command("destroy")


def place_of(url: str) -> int:
    """The number of a model store."""
    return int(url.split(":")[1])


def store_url(place: int, *, soft: bool = False) -> str:
    """The URL of a model store."""
    return f"model:{place}:{SOFT}" if soft else f"model:{place}"


def start(world: World, actor: int, command: Command, program: Program) -> tuple[World, Run | Ended]:
    """A command, up to its first call of a port."""
    todo: tuple[str, ...] = ()
    if command.verb == "refresh" or command.refresh:
        todo += tuple(f"read:{kind}" for kind in KINDS)
    if command.verb == "up":
        kinds = [command.only] if command.only else [k for k in KINDS if k != RING or program.store == STACK]
        todo += (*(f"make:{kind}" for kind in kinds), "deletions")
    if command.verb == "destroy":
        todo += ("deletions",)
    return _go_on(world, Run(actor, command, program, todo))


def answered(world: World, run: Run, answer: Any) -> tuple[World, Run | Ended]:
    """A run after an answer to its call, up to the next call or to where a result is to be saved."""
    assert run.point is not None
    return _settle(world, run._replace(point=run.point.answered(answer)))


def saved(world: World, run: Run) -> tuple[World, Run | Ended]:
    """A run whose provider returned, after the engine saved the result."""
    assert run.point is not None
    end = run.point.end
    assert isinstance(end, Done)
    word, *more = run.target
    state = world.states[run.actor]
    if word == "make":
        state = _made(state, run, end.result, *more)
        run = run._replace(registered=run.registered or more[0] == REGISTRATION)
    elif word == "read":
        (old,) = more
        read = end.result
        new = old._replace(outs=freeze(read.outs), inputs=freeze(read.inputs) if read.inputs else old.inputs)
        state = tuple(new if each is old else each for each in state)
    elif word == "delete":
        (old,) = more
        state = tuple(each for each in state if each is not old)
    world = with_state(world, run.actor, state)
    return _go_on(world, run._replace(point=None, memory=end.memory, target=()))


def with_state(world: World, actor: int, state: tuple[Resource, ...]) -> World:
    """The world with another state of one stack."""
    return world._replace(states=(*world.states[:actor], state, *world.states[actor + 1 :]))


def live(state: tuple[Resource, ...], kind: str) -> Resource | None:
    """The resource of a kind that isn't replaced."""
    return next((each for each in state if each.kind == kind and not each.deleted), None)


def _settle(world: World, run: Run) -> tuple[World, Run | Ended]:
    assert run.point is not None
    if isinstance(run.point.end, Failed):
        return world, Ended(run.point.end)
    return world, run


def _go_on(world: World, run: Run) -> tuple[World, Run | Ended]:
    """Starts what is next, until a provider is at a call or at its result."""
    while run.todo:
        word, _, rest = run.todo[0].partition(":")
        run = run._replace(todo=run.todo[1:])
        if word == "deletions":
            run = run._replace(todo=_deletions(world.states[run.actor], run))
            continue
        if word == "make":
            world, next_run = _make(world, run, rest)
        else:
            next_run = _read_or_delete(world, run, word, rest)
        if isinstance(next_run, Ended):
            return world, next_run
        run = next_run
        if run.point is not None:
            return _settle(world, run)
    return world, Ended(None, run.registered)


def _read_or_delete(world: World, run: Run, word: str, rest: str) -> Run:
    kind, _, id_ = rest.partition(":")
    for resource in world.states[run.actor]:
        if resource.kind == kind and (resource.id == id_ if id_ else not resource.deleted):
            return _calling(run, (word, resource), kind, word, resource.id, resource.outs)
    return run


def _make(world: World, run: Run, kind: str) -> tuple[World, Run | Ended]:
    """Checks, compares, and goes to what has to be done: nothing, an update, a create."""
    state = world.states[run.actor]
    old = live(state, kind)
    program = freeze(_inputs(kind, run.program, state))
    forced = kind in run.command.replace
    checked, run, error = _checked(run, kind, Props() if old is None or forced else old.inputs, program)
    if error:
        return world, Ended(error)
    if old is not None and not forced:
        diff, run = _pure(run, kind, "diff", old.id, old.outs, checked)
        if not diff.changes:
            return with_state(
                world, run.actor, tuple(o._replace(inputs=checked) if o is old else o for o in state)
            ), run
        if not diff.replaces:
            return world, _calling(run, ("make", kind, old, checked), kind, "update", old.id, old.outs, checked)
        checked, run, error = _checked(run, kind, Props(), program)
        if error:
            return world, Ended(error)
    fresh = 0
    if kind != REGISTRATION:
        fresh = fresh_number(world)
        world = world._replace(taken=world.taken | {fresh})
    return world, _calling(run, ("make", kind, old, checked), kind, "create", checked, fresh=fresh)


def _made(
    state: tuple[Resource, ...], run: Run, result: Any, kind: str, old: Resource | None, checked: Props
) -> tuple[Resource, ...]:
    assert run.point is not None
    outs = freeze(result.outs)
    if run.point.task.method == "update":
        return tuple(Resource(kind, each.id, checked, outs) if each is old else each for each in state)
    replaced = tuple(each._replace(deleted=True) if each is old else each for each in state)
    return (*replaced, Resource(kind, result.id, checked, outs))


def _deletions(state: tuple[Resource, ...], run: Run) -> tuple[str, ...]:
    """Dependents first; what was replaced goes before what is alive."""

    def goes(resource: Resource) -> bool:
        if run.command.verb == "destroy":
            return True
        if run.command.only:
            return resource.deleted and resource.kind == run.command.only
        return resource.deleted or (resource.kind == RING and run.program.store != STACK)

    going = sorted(filter(goes, state), key=lambda r: (-KINDS.index(r.kind), not r.deleted))
    return tuple(f"delete:{each.kind}:{each.id}" for each in going)


def _checked(run: Run, kind: str, olds: Props, news: Props) -> tuple[Props, Run, Failed | None]:
    result, run = _pure(run, kind, "check", olds, news)
    failures = [failure.reason for failure in result.failures or []]
    return freeze(result.inputs), run, Failed("CheckFailure", "; ".join(failures)) if failures else None


def _pure(run: Run, kind: str, method: str, *arguments: Any) -> tuple[Any, Run]:
    """A method that must not ask anybody (P7)."""
    end = begin(Task(kind, method, arguments, run.memory)).end
    assert isinstance(end, Done), f"{kind}.{method} asked for {end}"
    return end.result, run._replace(memory=end.memory)


def _calling(run: Run, target: tuple[Any, ...], kind: str, method: str, *arguments: Any, fresh: int = 0) -> Run:
    return run._replace(point=begin(Task(kind, method, arguments, run.memory, fresh)), target=target)


def _inputs(kind: str, program: Program, state: tuple[Resource, ...]) -> dict[str, Any]:
    """What the component gives to each resource; see components/whatsapp_flow_encryption/flow_encryption.py."""
    key, ring = live(state, KEY), live(state, RING)
    common = {
        "phone_number_id": NUMBER,
        "managed_by": program.managed_by,
        "backups": list(program.backups),
        "take_over": program.take_over,
    }
    if kind == KEY:
        return {
            **common,
            "store": program.store,
            "passphrase": program.passphrase,
            "rotate_after_days": 90,
            "rotation_trigger": program.trigger,
            "force_destroy": program.force_destroy,
            "existing_private_key": BY_HAND.to_pem() if program.given else None,
        }
    assert key is not None
    made = {name: thaw(key.outs.get(name)) for name in ("fingerprint", "issued_on", "private_key", "locations")}
    if kind == RING:
        named = {name: made[name] for name in ("fingerprint", "issued_on", "private_key")}
        return {**common, **named, "key_id": key.id, "force_destroy": program.force_destroy}
    holder = ring if program.store == STACK else key
    assert holder is not None
    return {
        **common,
        "fingerprint": made["fingerprint"],
        "key_id": key.id,
        "store": program.store,
        "locations": thaw(holder.outs.get("locations")),
        "passphrase": program.passphrase,
        "former_passphrases": thaw(key.outs.get("former_passphrases")),
        "ring": thaw(holder.outs.get("ring")) if program.store == STACK else None,
    }


def fresh_number(world: World) -> int:
    """The first pair and id that nothing in the world refers to."""
    names = mentioned(world)
    for number, key in enumerate(OURS):
        if number not in world.taken and key.fingerprint not in names and f"id-{number}" not in names:
            return number
    raise AssertionError("a search needs more key pairs than there are")


def mentioned(world: World) -> set[str | None]:
    """The fingerprints and ids that the world refers to."""
    rings = [place.ring for place in world.places]
    rings += [place.before[0] for place in world.places if place.before]
    rings += [world.snapshot, *(late.ring for late in world.late)]
    names = {world.meta.served, *(world.meta.hidden or ()), *(late.fingerprint for late in world.late)}
    for resource in (each for state in world.states for each in state):
        names |= {resource.id, resource.outs.get("fingerprint"), resource.outs.get("proven_fingerprint")}
        rings += [resource.outs.get("ring")] if resource.kind == RING else []
    for ring in rings:
        if ring is not None:
            names |= {ring.owner, *(key.fingerprint for key in ring.keys)}
    return names


def is_at_call(run: Run) -> Call | None:
    """The call that a run waits for; None where a result waits to be saved."""
    assert run.point is not None
    return run.point.end if isinstance(run.point.end, Call) else None

"""What is searched: which stores, what people and others do, how many faults."""

from collections.abc import Iterator

from tests.model.canonical import older
from tests.model.component import PASSPHRASE
from tests.model.engine import live
from tests.model.keys import BY_HAND, FOREIGN
from tests.model.moments import Move, State
from tests.model.ports import thaw
from tests.model.program import DESTROY, KEY, REGISTRATION, RING, STACK, UP, UP_REFRESH, Command, Program, store_url
from tests.model.promises import lost
from tests.model.search import Scenario, label
from tests.model.world import EMPTY, FAILS_AFTER, NO_EFFECT, Meta, Place, World, with_place

TRIGGERS = "abc"
_CREATED_AND_ROTATED = ("the stack", "one store", "the stack with a backup", "a store with a backup")
_FILE, _OTHER_FILE, _CLOUD = store_url(0), store_url(1), store_url(0, soft=True)
_JOINS = store_url(0, joins=True)  # as Azure Key Vault

STORES: dict[str, tuple[Program, ...]] = {
    "one store": (Program(_FILE),),
    "one store with soft deletion": (Program(_CLOUD),),
    "a store with a backup": (Program(_FILE, (_OTHER_FILE,)),),
    "the stack": (Program(),),
    "the stack with a backup": (Program(STACK, (_FILE,)),),
    "the stack, forced": (Program(force_destroy=True),),
    "a move to another store": (
        Program(_FILE),
        Program(_FILE, (_OTHER_FILE,)),
        Program(_OTHER_FILE, (_FILE,)),
        Program(_OTHER_FILE),
    ),
    "a move out of the stack": (Program(), Program(STACK, (_FILE,)), Program(_FILE)),
}
"""A person's program, or the steps of a move, each taken once the one before is recorded."""


def nothing_yet(program: Program) -> State:
    """Before the first `up`."""
    return State(World(Meta(), tuple(Place() for _ in range(3)), ((),)), (program,))


def rotating(program: Program) -> Program:
    """The program with another rotation trigger."""
    return program._replace(trigger=TRIGGERS[(TRIGGERS.index(program.trigger) + 1) % len(TRIGGERS)])


def taken_back(program: Program) -> Program:
    """The program with the trigger of before."""
    return program._replace(trigger=TRIGGERS[TRIGGERS.index(program.trigger) - 1])


def create_and_rotate(stores: str, faults: int, rotations: int = 2) -> Scenario:
    """An `up`, and then rotations; after each, whether it failed or not, any number of `up`s and `up --refresh`."""

    def moves(state: State) -> Iterator[Move]:
        (left,) = state.left
        assert isinstance(left, int)
        yield Move("up", state, ((0, UP),))
        yield Move("up --refresh", state, ((0, UP_REFRESH),))
        if left:
            (program,) = state.programs
            turned = state._replace(programs=(rotating(program),), left=(left - 1,))
            yield Move("rotation asked for, up", turned, ((0, UP),))

    begin = nothing_yet(STORES[stores][0])._replace(left=(rotations,))
    return Scenario(f"create and rotate: {stores}", begin, moves, faults)


def whole_life(stores: str, faults: int, length: int) -> Scenario:
    """``length`` things that people, time and others do, in any order."""
    steps = STORES[stores]

    def moves(state: State) -> Iterator[Move]:
        (left,) = state.left
        assert isinstance(left, int)
        if left:
            rest = state._replace(left=(left - 1,))
            yield from _commands(rest)
            yield from _changes(rest, steps)
            yield from _others(rest)

    begin = nothing_yet(steps[0])._replace(left=(length,))
    return Scenario(f"{length} moves: {stores}", begin, moves, faults)


def adoption(stores: str, faults: int, length: int) -> Scenario:
    """A number that is live already: its key is given, and later taken out of the program; beside all that happens."""

    def moves(state: State) -> Iterator[Move]:
        (left,) = state.left
        assert isinstance(left, int)
        if not left:
            return
        rest = state._replace(left=(left - 1,))
        (program,) = state.programs
        yield from _commands(rest)
        yield from _others(rest)
        registration = live(state.world.states[0], REGISTRATION)
        if program.given and registration and registration.outs.get("proven_fingerprint") == BY_HAND.fingerprint:
            removed = program._replace(given=False, given_up=True)
            yield Move("the argument removed, up", rest._replace(programs=(removed,)), ((0, UP),))
            turned = rest._replace(programs=(rotating(removed),))
            yield Move("the argument removed and rotation asked for, up", turned, ((0, UP),))

    begin = nothing_yet(STORES[stores][0]._replace(given=True))
    begin = begin._replace(world=begin.world._replace(meta=Meta(BY_HAND.fingerprint)), left=(length,))
    return Scenario(f"a key is adopted, {length} moves: {stores}", begin, moves, faults)


_ORDERS: dict[str, tuple[str, int, tuple[str, ...]]] = {
    "a backup is rolled back": (
        "a store with a backup",
        1,
        (
            "up",
            "a snapshot of the backup is taken",
            "a day passes",
            "the number is registered anew",
            "up --refresh",
            "rotation asked for, up",
            "rotation asked for, up",
            "the backup is rolled back",
            "rotation asked for, up",
        ),
    ),
    "a rotation is taken back": (
        "one store",
        2,
        ("up", "rotation asked for, up", "rotation asked for, up", "rotation taken back, up"),
    ),
    "a destroy after rotations": (
        "one store",
        1,
        ("up", "rotation asked for, up", "rotation asked for, up", "a day passes", "destroy", "up", "destroy"),
    ),
}
"""Stores, faults, and things in one order, each of which may be left out."""


def in_order(name: str, more_faults: int = 0) -> Scenario:
    """One of the orders."""
    stores, faults, order = _ORDERS[name]

    def moves(state: State) -> Iterator[Move]:
        (done,) = state.left
        assert isinstance(done, int)
        for index in range(done, len(order)):
            following = state._replace(left=(index + 1,))
            yield from (m for m in (*_commands(following), *_others(following)) if m.label == order[index])

    return Scenario(name, nothing_yet(STORES[stores][0])._replace(left=(0,)), moves, faults + more_faults)


Stages = tuple[tuple[str, ...], ...]
_REFRESHED_DESTROYS = ("destroy --refresh", "destroy --refresh, what is due last")
_BORN = ("up",)
_GENERATED = Program(_FILE, generated=True)

AROUND: dict[str, tuple[Program, int, Stages]] = {
    "a generated passphrase": (
        _GENERATED,
        1,
        (_BORN, ("rotation asked for, up", "force_destroy set, up"), ("destroy", *_REFRESHED_DESTROYS, "up"), _BORN),
    ),
    "a generated passphrase and a backup": (
        _GENERATED._replace(backups=(_OTHER_FILE,)),
        1,
        (_BORN, ("rotation asked for, up",), ("destroy", *_REFRESHED_DESTROYS)),
    ),
    "a generated passphrase, soft-deleted": (
        Program(_CLOUD, generated=True),
        1,
        (_BORN, ("rotation asked for, up", "destroy"), ("destroy", "up")),
    ),
    "a generated passphrase is made again": (
        _GENERATED,
        1,
        (_BORN, ("up --replace RandomPassword",), ("up", "destroy"), _BORN),
    ),
    "renamed, with a generated passphrase": (
        _GENERATED,
        1,
        (
            _BORN,
            ("renamed with an alias, up", "renamed, up", "renamed, up --continue-on-error", "renamed, up --target"),
            ("up", "up --continue-on-error", "destroy"),
            ("named as before, up", "destroy"),
        ),
    ),
    "renamed, one store": (
        Program(_FILE),
        1,
        (
            _BORN,
            ("renamed, up", "renamed, up --continue-on-error", "renamed, up --target"),
            ("up --continue-on-error", "destroy"),
        ),
    ),
    "renamed, the stack": (
        Program(),
        1,
        (_BORN, ("renamed, up", "renamed, up --continue-on-error"), ("named as before, up", "destroy")),
    ),
    "deleted before it is replaced": (
        _GENERATED._replace(deletes_first=True),
        1,
        (_BORN, ("rotation asked for, up",), ("up", "destroy", "rotation asked for, up"), _BORN),
    ),
    "deleted before it is replaced, forced": (
        Program(_FILE, deletes_first=True, force_destroy=True),
        1,
        (_BORN, ("to another account and rotation asked for, up", "rotation asked for, up"), ("up",)),
    ),
    "to another account": (
        _GENERATED,
        1,
        (
            _BORN,
            ("to another account, up", "to another account and rotation asked for, up"),
            ("up", "destroy", *_REFRESHED_DESTROYS),
        ),
    ),
    "a key is forgotten instead of deleted": (
        _GENERATED._replace(retained=frozenset([KEY])),
        1,
        (_BORN, ("rotation asked for, up",), ("destroy",)),
    ),
    "two of one number": (
        Program(_FILE),
        1,
        (_BORN, ("named twice, up", "named twice, up --continue-on-error"), ("named as before, up", "destroy")),
    ),
    "going on and targets": (
        _GENERATED,
        1,
        (
            _BORN,
            (
                "rotation asked for, up --continue-on-error",
                "rotation asked for, up --exclude KeyRegistration",
                "rotation asked for, up --target EncryptionKey",
            ),
            ("destroy --continue-on-error", "up", *_REFRESHED_DESTROYS),
        ),
    ),
    "a state of an older version": (
        _GENERATED._replace(older=True),
        1,
        (
            _BORN,
            ("rotation asked for, up",),
            ("the next version, up", "the next version, up --target", "destroy", *_REFRESHED_DESTROYS),
            ("destroy",),
        ),
    ),
    "an older version's state moves to another account": (
        _GENERATED._replace(older=True),
        0,
        (_BORN, ("the next version, to another account and rotation asked for, up",)),
    ),
    "two hours pass": (
        Program(_FILE),
        1,
        (_BORN, ("rotation asked for, up",), ("two hours pass",), ("destroy", "rotation asked for, up"), _BORN),
    ),
    "a gate": (
        Program(_FILE, gate=True),
        2,
        (_BORN, ("rotation asked for, up",), ("up", "rotation asked for, up", "destroy"), ("up",)),
    ),
    "a gate, the stack": (
        Program(gate=True),
        2,
        (_BORN, ("rotation asked for, up",), ("up", "rotation asked for, up", "destroy"), ("up",)),
    ),
    "the store is emptied": (
        Program(_FILE, (_OTHER_FILE,)),
        1,
        (_BORN, ("the store is emptied",), ("up --refresh", "rotation asked for, up", "destroy"), ("up --refresh",)),
    ),
    "the store is rolled back": (
        Program(_FILE),
        1,
        (
            _BORN,
            ("a snapshot of the store is taken",),
            ("rotation asked for, up",),
            ("the store is rolled back",),
            ("up --refresh", "rotation asked for, up", "destroy"),
        ),
    ),
}
"""What surrounds the keys: a program, faults, and what may happen in each stage, each of which may be left out but the
first."""

ODD: dict[str, tuple[Program, frozenset[str], int, Stages]] = {
    "empty answers, one store": (
        Program(_FILE),
        frozenset([EMPTY]),
        2,
        (_BORN, ("a day passes",), ("rotation asked for, up", "destroy", "up --refresh"), _BORN),
    ),
    "empty answers, the stack": (
        Program(),
        frozenset([EMPTY]),
        2,
        (_BORN, ("a day passes",), ("rotation asked for, up", "destroy", "up --refresh"), _BORN),
    ),
    "empty answers and a foreign key": (
        Program(_FILE),
        frozenset([EMPTY]),
        2,
        (("somebody else publishes a key",), _BORN, ("rotation asked for, up", "up --refresh"), _BORN),
    ),
    "publications that are not what they say": (
        Program(_FILE),
        frozenset([FAILS_AFTER, NO_EFFECT]),
        2,
        (_BORN, ("rotation asked for, up",), ("up", "destroy"), ("up",)),
    ),
}


def around(name: str, more_faults: int = 0) -> Scenario:
    """One of the searches about what surrounds the keys."""
    program, faults, stages = AROUND[name]
    return _staged(f"around: {name}", nothing_yet(program), faults + more_faults, stages)


def odd(name: str, more_faults: int = 0) -> Scenario:
    """One of the searches about answers that Meta should not give."""
    program, kinds, faults, stages = ODD[name]
    begin = nothing_yet(program)
    return _staged(f"odd: {name}", begin._replace(world=begin.world._replace(odd=kinds)), faults + more_faults, stages)


def _staged(name: str, begin: State, faults: int, stages: Stages) -> Scenario:
    def moves(state: State) -> Iterator[Move]:
        (done,) = state.left
        assert isinstance(done, int)
        for index in range(done, len(stages) if done else 1):
            following = state._replace(left=(index + 1,))
            yield from (move for move in _all_moves(following) if move.label in stages[index])

    return Scenario(name, begin._replace(left=(0,)), moves, faults)


def meanwhile(name: str) -> Scenario:
    """A second command of one stack, typed after `pulumi cancel` while the first one goes on: one state for both."""
    program, faults, orders = {**MEANWHILE, **LIMITS}[name]

    def moves(state: State) -> Iterator[Move]:
        (done,) = state.left
        assert isinstance(done, int)
        if done < len(orders):
            first, second = orders[done]
            rest = state._replace(left=(done + 1,))
            turned = rest._replace(programs=tuple(map(rotating, rest.programs)))
            for label, following in (("", rest), ("rotation asked for, ", turned)):
                yield Move(f"{label}{first.verb}", following, ((0, first),))
                if second:
                    commands = ((0, first), (1, second))
                    yield Move(f"{label}{first.verb}, cancelled; {second.verb}", following, commands, meanwhile=True)

    shared = program._replace(slot=0, forced=True)
    both = (shared, shared)
    world = World(Meta(), tuple(Place() for _ in range(3)), ((),))
    return Scenario(f"meanwhile: {name}", State(world, both, (0,)), moves, faults)


MEANWHILE: dict[str, tuple[Program, int, tuple[tuple[Command, Command | None], ...]]] = {
    "a destroy beside the first up": (Program(_FILE), 0, ((UP, DESTROY),)),
    "a destroy beside an up": (Program(_FILE), 0, ((UP, None), (UP, DESTROY))),
    "two ups of one state, one store": (Program(_FILE), 0, ((UP, None), (UP, UP))),
    "two ups of one state, one at the gate": (Program(_FILE, gate=True), 0, ((UP, None), (UP, UP))),
    "two ups of one state, no compare-and-set": (Program(_JOINS), 0, ((UP, None), (UP, UP))),
    "a destroy beside an up, no compare-and-set": (Program(_JOINS), 1, ((UP, None), (UP, DESTROY))),
}
LIMITS: dict[str, tuple[Program, int, tuple[tuple[Command, Command | None], ...]]] = {
    "two ups of one state, the stack": (Program(), 0, ((UP, None), (UP, UP))),
}
"""What a file backend can't keep: a cancelled run writes its checkpoint over the next one's."""


def two_at_once(pair: str, faults: int, rounds: int) -> Scenario:
    """Two stacks, or one from two machines, whose commands run at the same time, or one after the other."""
    stores = PAIRS[pair]

    def moves(state: State) -> Iterator[Move]:
        (left,) = state.left
        assert isinstance(left, int)
        if not left:
            return
        rest = state._replace(left=(left - 1,))
        turned = rest._replace(programs=tuple(rotating(program) for program in rest.programs))
        yield Move("both: up", rest, ((0, UP), (1, UP)))
        yield Move("A: up", rest, ((0, UP),))
        yield Move("B: up", rest, ((1, UP),))
        yield Move("both: rotation asked for, up", turned, ((0, UP), (1, UP)))
        yield Move("A: rotation asked for, up; B: up --refresh", turned, ((0, UP), (1, UP_REFRESH)))
        if stores[0].managed_by == stores[1].managed_by and not state.world.states[1]:
            shared = rest.world._replace(states=(rest.world.states[0], rest.world.states[0]))
            yield Move("B takes A's state", rest._replace(world=shared))

    world = World(Meta(), tuple(Place() for _ in range(3)), ((), ()))
    return Scenario(f"two at once, {rounds} rounds: {pair}", State(world, stores, (rounds,)), moves, faults)


_TWO_MACHINES = "one stack, two machines"
_WITHOUT_COMPARE = "one stack, two machines, no compare-and-set"
_MACHINES = (_TWO_MACHINES, _WITHOUT_COMPARE)
OTHER = "org/flows/other"
PAIRS: dict[str, tuple[Program, Program]] = {
    "two stacks, one store": (Program(_FILE), Program(_FILE, managed_by=OTHER)),
    _TWO_MACHINES: (Program(_FILE), Program(_FILE)),
    _WITHOUT_COMPARE: (Program(_JOINS), Program(_JOINS)),
    "two stacks, a store each": (Program(_FILE), Program(_OTHER_FILE, managed_by=OTHER)),
    "two stacks, their own secrets": (Program(), Program(managed_by=OTHER)),
}


def _commands(state: State) -> Iterator[Move]:
    (program,) = state.programs
    yield Move("up", state, ((0, UP),))
    yield Move("up --refresh", state, ((0, UP_REFRESH),))
    yield Move("refresh", state, ((0, Command("refresh")),))
    yield Move("destroy", state, ((0, DESTROY),))
    yield Move("rotation asked for, up", state._replace(programs=(rotating(program),)), ((0, UP),))
    yield Move("rotation taken back, up", state._replace(programs=(taken_back(program),)), ((0, UP),))
    forced = state._replace(programs=(program._replace(forced=True),))
    for kind in (KEY, RING, REGISTRATION):
        if live(state.world.states[0], kind):
            yield Move(f"up --replace {kind}", forced, ((0, Command("up", replace=frozenset([kind]))),))
    if live(state.world.states[0], KEY):
        targeted = Command("up", replace=frozenset([KEY]), only=frozenset([KEY]))
        yield Move("up --target-replace EncryptionKey", forced, ((0, targeted),))


def _all_moves(state: State) -> Iterator[Move]:
    """All that the stages name."""
    yield from _commands(state)
    yield from _others(state)
    (program,) = state.programs
    turned = rotating(program)
    away = program._replace(process=1 - program.process)
    renamed = program._replace(names=("hotline",))
    twice = program._replace(names=("line", "hotline"), forced=True)  # each drops what the other never offered
    go_on, target = Command("up", goes_on=True), Command("up", only=frozenset(["hotline"]))
    typed = {
        "up --continue-on-error": (program, go_on),
        "destroy --continue-on-error": (program, Command("destroy", goes_on=True)),
        "destroy --refresh": (program, Command("destroy", refresh=True)),
        "destroy --refresh, what is due last": (program, Command("destroy", refresh=True, due_last=True)),
        "up --replace RandomPassword": (program, Command("up", replace=frozenset([PASSPHRASE]))),
        "force_destroy set, up": (program._replace(force_destroy=True), UP),
        "rotation asked for, up --continue-on-error": (turned, go_on),
        "rotation asked for, up --exclude KeyRegistration": (turned, Command("up", but=frozenset([REGISTRATION]))),
        "rotation asked for, up --target EncryptionKey": (turned, Command("up", only=frozenset([KEY]))),
        "renamed with an alias, up": (renamed._replace(aliased=True), UP),
        "renamed, up": (renamed, UP),
        "renamed, up --continue-on-error": (renamed, go_on),
        "renamed, up --target": (renamed, target),
        "the next version, up": (program._replace(older=False), UP),
        "the next version, up --target": (program._replace(older=False), Command("up", only=frozenset([KEY]))),
        "the next version, to another account and rotation asked for, up": (rotating(away)._replace(older=False), UP),
        "named as before, up": (program._replace(names=("line",), aliased=False), UP),
        "named twice, up": (twice, UP),
        "named twice, up --continue-on-error": (twice, go_on),
        "to another account, up": (away, UP),
        "to another account and rotation asked for, up": (rotating(away), UP),
    }
    for words, (following, command) in typed.items():
        yield Move(words, state._replace(programs=(following,)), ((0, command),))
    yield from _to_the_store(state)


def _to_the_store(state: State) -> Iterator[Move]:
    """What others do to the store itself, and what time does in two hours."""
    world = state.world
    if not world.late:
        yield Move("two hours pass", state._replace(world=older(world, hours=2)))
    (program,) = state.programs
    (first, *_) = program.places() or (0,)
    place = world.places[first]
    snapshot = world._replace(snapshot=place.ring)
    yield Move("a snapshot of the store is taken", state._replace(world=snapshot))
    for event, ring in (("the store is emptied", None), ("the store is rolled back", world.snapshot)):
        changed = with_place(world, first, Place(ring, place.version + 1))._replace(outside=True)
        gone = changed.forgone | lost(changed, state.programs)
        known = program._replace(forced=True)  # the person knows why a key is gone
        yield Move(event, state._replace(world=changed._replace(forgone=gone), programs=(known,)))


def _changes(state: State, steps: tuple[Program, ...]) -> Iterator[Move]:
    (program,) = state.programs
    key = live(state.world.states[0], KEY)
    if key is None:
        return
    places = [(step.store, step.backups) for step in steps]
    here = places.index((program.store, program.backups))
    recorded = (key.inputs.get("store"), tuple(thaw(key.inputs.get("backups"))))
    if recorded == places[here] and here + 1 < len(steps):
        store, backups = places[here + 1]
        moved = program._replace(store=store, backups=backups, before=places[here])
        yield Move("next step of the move, up", state._replace(programs=(moved,)), ((0, UP),))
        both = state._replace(programs=(rotating(moved),))
        yield Move("next step of the move and rotation asked for, up", both, ((0, UP),))
    if program.store != STACK and len(steps) == 1:
        word = "one" if program.passphrase != "one" else "two"
        known = tuple(sorted({*program.words, word}))
        changed = state._replace(programs=(program._replace(passphrase=word, words=known),))
        yield Move("passphrase changed, up", changed, ((0, UP),))


def _others(state: State) -> Iterator[Move]:
    world = state.world
    if not world.late:
        yield Move("a day passes", state._replace(world=older(world, days=1)))
        yield Move("90 days pass", state._replace(world=older(world, days=90)))
    if world.meta.served:
        again = world._replace(meta=world.meta._replace(status="MISMATCH"), outside=True)
        yield Move("the number is registered anew", state._replace(world=again))
    foreign = world._replace(meta=Meta(FOREIGN.fingerprint), outside=True)
    yield Move("somebody else publishes a key", state._replace(world=foreign))
    (program,) = state.programs
    if program.backups:
        index = program.places()[-1]
        yield Move(
            "a snapshot of the backup is taken", state._replace(world=world._replace(snapshot=world.places[index].ring))
        )
        # A backup that is the only copy is the platform team's to guard.
        alone = not live(world.states[0], KEY)
        if world.snapshot and world.snapshot != world.places[index].ring and not alone:
            place = Place(world.snapshot, world.places[index].version + 1)
            places = (*world.places[:index], place, *world.places[index + 1 :])
            yield Move("the backup is rolled back", state._replace(world=world._replace(places=places, outside=True)))


_STAYS = (
    "no loss: the delete of the former key, in a process of its own, asks about a generated passphrase that lives on, "
    "and refuses at every later `up`"
)
PENDING: dict[str, str] = {
    "around: an older version's state moves to another account, 0 faults": _STAYS,
    "around: an older version's state moves to another account, 1 faults": _STAYS,
    "around: renamed, with a generated passphrase, 2 faults": (
        "no loss: renamed without an alias, and then a destroy that was cut short: the former name's StoredKeyRing "
        "can't know that its passphrase opens nothing that is left, and refuses at every later `up`"
    ),
    "two at once, 2 rounds: one stack, two machines, 1 faults": (
        "no loss: two machines run the first `up` at the same time, past the engine's lock, and the write of one takes "
        "effect late, over the key that the other has recorded. That key was never published and is gone; the error "
        "says so, and a new rotation_trigger makes another"
    ),
}
"""Searches that find what the next `up` does not repair, each with what it finds: they are switched off. The way on is
the one that the error names: a new rotation_trigger in the last, WHATSAPP_FORCE_DESTROY in the others."""


def pending() -> list[Scenario]:
    """What is switched off, and what a file backend can't keep."""
    searches = (*map(around, AROUND), *(around(name, 1) for name in AROUND), two_at_once(_TWO_MACHINES, 1, 2))
    return [*(each for each in searches if label(each) in PENDING), *(meanwhile(name) for name in LIMITS)]


def bounded() -> list[Scenario]:
    """What `make test` searches: minutes."""
    return [
        *(create_and_rotate(stores, faults=2) for stores in _CREATED_AND_ROTATED),
        *(whole_life(stores, faults=0, length=4) for stores in STORES),
        *(whole_life(stores, faults=1, length=3) for stores in STORES),
        *(adoption(stores, faults=1, length=3) for stores in _CREATED_AND_ROTATED),
        *(in_order(name) for name in _ORDERS),
        *(search for search in map(around, AROUND) if label(search) not in PENDING),
        *map(odd, ODD),
        *map(meanwhile, MEANWHILE),
        *(two_at_once(pair, faults=0, rounds=2) for pair in PAIRS),
        *(two_at_once(pair, faults=1, rounds=2) for pair in PAIRS if pair not in _MACHINES),
    ]


def soak() -> list[Scenario]:
    """What `make soak` searches besides, the longest first."""
    return [
        *(create_and_rotate(stores, faults=3) for stores in reversed(_CREATED_AND_ROTATED)),
        *(whole_life(stores, faults=2, length=3) for stores in STORES),
        *(adoption(stores, faults=2, length=3) for stores in _CREATED_AND_ROTATED),
        *(two_at_once(pair, faults=2, rounds=2) for pair in PAIRS if pair not in _MACHINES),
        *(in_order(name, more_faults=1) for name in _ORDERS),
        *(whole_life(stores, faults=0, length=5) for stores in STORES),
        *(whole_life(stores, faults=1, length=4) for stores in STORES),
        *(search for name in AROUND if label(search := around(name, more_faults=1)) not in PENDING),
        *(odd(name, more_faults=1) for name in ODD),
    ]

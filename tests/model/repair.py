"""Repair: with the faults over, a run without any has to bring everything in place; a person does what errors say."""

from tests.model import promises
from tests.model.canonical import older, put_back
from tests.model.engine import Ended, live, start, state_of
from tests.model.keys import by_hand
from tests.model.moments import Broken, State, run_alone
from tests.model.program import KEY, RING, SERVICE, UP, UP_REFRESH, Command, Program, store_url
from tests.model.world import World


def check_repair(state: State, path: list[str]) -> None:
    """P4: with the faults over and nothing under way, one command of any stack that has a claim reaches P3. Two
    resources of one number never agree."""
    if any(len(program.names) > 1 for program in state.programs):
        return
    world = state.world._replace(meta=state.world.meta._replace(hidden=None))
    if world.late:
        return  # every way in which it lands is a state of its own
    reasons = [_repair(world, actor, program, path) for actor, program in enumerate(state.programs)]
    if all(reasons):
        raise Broken(reasons[0] or "")


def _repair(world: World, actor: int, program: Program, path: list[str]) -> str | None:
    """What keeps one stack from P3; None where nothing does. A person does what an error says."""
    command, program = UP_REFRESH if world.outside else UP, program._replace(older=False)
    repaired, program, ended = _until_done(world, actor, command, program, path)
    if ended.error:
        return f"P4: `up` does not repair: {ended.error.kind}: {ended.error.text}"
    for fault in promises.broken(repaired, (program,)):
        return fault
    found = promises.amiss(repaired, program, actor)
    if found:
        return f"P4: `up` does not repair: {'; '.join(found)}"
    return _rests(repaired, actor, program, path)


def _rests(world: World, actor: int, program: Program, path: list[str]) -> str | None:
    """P7: after what had to wait its turn (a rotation, behind another passphrase or place), `up` asks nobody."""
    for _ in range(3):
        _, run = start(world, actor, UP, program)
        if isinstance(run, Ended):
            return None
        world, ended = run_alone(world, actor, UP, program, path)
        faults = [*promises.broken(world, (program,)), *promises.amiss(world, program, actor)]
        if ended.error or faults:
            return f"P4: the `up` after that ends with {ended.error}, {'; '.join(faults)}"
    return "P7: `up` asks somebody each time"


def _until_done(
    world: World, actor: int, command: Command, program: Program, path: list[str], patience: int = 4
) -> tuple[World, Program, Ended]:
    """A command, and where it fails what the error says, as long as it says something new."""
    world, ended = run_alone(world, actor, command, program, path)
    if ended.error is None or not patience:
        return world, program, ended
    advised = program
    if "Remove existing_private_key" in ended.error.text or "leave existing_private_key out" in ended.error.text:
        advised = program._replace(given=False)
    elif program.given and world.meta.served == by_hand().fingerprint:
        pass  # nobody gives a key to have it published over
    elif ended.error.kind == "ForeignKeyError" and (names := _names_that_hold(world, actor, program)):
        advised = program._replace(names=names, aliased=False)
    elif ended.error.kind == "ForeignKeyError" and "and a new rotation_trigger" in ended.error.text:
        advised = program._replace(take_over=world.meta.served, trigger="a new one")
    elif ended.error.kind == "ForeignKeyError" and world.meta.served not in promises.live_keys(world):
        advised = program._replace(take_over=world.meta.served)
    elif ended.error.kind == "PrivateKeyError" and program.generated and "give it an alias" in ended.error.text:
        advised = _named_as_recorded(world, actor, program)
    elif ended.error.kind == "PrivateKeyError" and "the passphrase that the ring was written with" in ended.error.text:
        advised = program._replace(passphrase=next((w for w in program.words if w != program.passphrase), None))
    elif ended.error.kind == "DeletionRefusedError" and "Try again in an hour" in ended.error.text:
        path.append("   a day passes")
        return _until_done(older(world, days=1), actor, command, program, path, patience - 1)
    elif ended.error.kind == "UnknownServiceError":
        advised = program._replace(custody=SERVICE)
    elif ended.error.kind == "KeyUnusableError" and world.service.by_others:
        path.append("   the key is put back into use")
        return _until_done(put_back(world), actor, command, program, path, patience - 1)
    elif ended.error.kind == "PassphraseChangeError" and "Set it back to the one before" in ended.error.text:
        key = live(state_of(world, actor, program), KEY)
        program = program._replace(trigger="a new one")
        back = program._replace(passphrase=key.outs.get("passphrase") if key else None)
        world, back, _ = _until_done(world, actor, command, back, path, patience - 1)
        return _until_done(world, actor, command, program._replace(take_over=back.take_over), path, 0)
    elif ended.error.kind == "KeyNotInRingError" and _may_be_gone(world, program) and not program.before:
        advised = program._replace(trigger="a new one")
    elif ended.error.kind in ("KeyNotInRingError", "ForeignKeyError") and program.before:
        store, backups = program.before
        back = program._replace(store=store, backups=backups, before=None)
        world, back, _ = _until_done(world, actor, command, back, path, patience - 1)
        return _until_done(world, actor, command, program._replace(take_over=back.take_over), path, 0)
    if advised == program:
        return world, program, ended
    return _until_done(world, actor, command, advised, path, patience - 1)


def _may_be_gone(world: World, program: Program) -> bool:
    """Whether a person knows why the key is gone: something was forced, or the store was emptied, as by a destroy that
    was cut short."""
    places = [world.places[place] for place in program.places()]
    return program.forced or program.force_destroy or any(place.ring is None for place in places)


def _named_as_recorded(world: World, actor: int, program: Program) -> Program:
    """The former name, whose passphrase the state has; where there is none, another place."""
    names = tuple(dict.fromkeys(r.name for r in state_of(world, actor, program) if r.kind == KEY))
    if names and names != program.names:
        return program._replace(names=names, aliased=False)
    return program._replace(store=store_url(2), backups=(), take_over=world.meta.served)


def _names_that_hold(world: World, actor: int, program: Program) -> tuple[str, ...]:
    """The name that a FlowEncryption had, where the ring of that name in the state holds what Meta serves."""
    state, served = state_of(world, actor, program), world.meta.served
    rings = (r for r in state if r.kind == RING and served is not None and served in r.outs.get("ring"))
    return tuple(dict.fromkeys(ring.name for ring in rings if ring.name not in program.names))

"""Repair: with the faults over, a run without any has to bring everything in place; a person does what errors say."""

from tests.model import promises
from tests.model.canonical import older
from tests.model.engine import KEY, UP, UP_REFRESH, Command, Ended, Program, live, start
from tests.model.keys import BY_HAND
from tests.model.moments import Broken, State, run_alone
from tests.model.world import World


def check_repair(state: State, path: list[str]) -> None:
    """P4: with the faults over and nothing under way, one command of any stack that has a claim reaches P3."""
    world = state.world._replace(meta=state.world.meta._replace(hidden=None))
    if world.late:
        return  # every way in which it lands is a state of its own
    reasons = [_repair(world, actor, program, path) for actor, program in enumerate(state.programs)]
    if all(reasons):
        raise Broken(reasons[0] or "")


def _repair(world: World, actor: int, program: Program, path: list[str]) -> str | None:
    """What keeps one stack from P3; None where nothing does. A person does what an error says."""
    command = UP_REFRESH if world.outside else UP
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
    elif program.given and world.meta.served == BY_HAND.fingerprint:
        pass  # nobody gives a key to have it published over
    elif ended.error.kind == "ForeignKeyError" and world.meta.served not in promises.live_keys(world):
        advised = program._replace(take_over=world.meta.served)
    elif ended.error.kind == "PrivateKeyError" and "the passphrase that the ring was written with" in ended.error.text:
        advised = program._replace(passphrase=next((w for w in program.words if w != program.passphrase), None))
    elif ended.error.kind == "DeletionRefusedError" and "Try again in an hour" in ended.error.text:
        path.append("   a day passes")
        return _until_done(older(world, days=1), actor, command, program, path, patience - 1)
    elif ended.error.kind == "PassphraseChangeError" and "Set it back to the one before" in ended.error.text:
        key = live(world.states[actor], KEY)
        back = program._replace(passphrase=key.outs.get("passphrase") if key else None)
        world, back, _ = _until_done(world, actor, command, back, path, patience - 1)
        return _until_done(world, actor, command, program._replace(take_over=back.take_over), path, 0)
    elif ended.error.kind == "KeyNotInRingError" and program.forced and not program.before:
        advised = program._replace(trigger="a new one")
    elif ended.error.kind in ("KeyNotInRingError", "ForeignKeyError") and program.before:
        store, backups = program.before
        back = program._replace(store=store, backups=backups, before=None)
        world, back, _ = _until_done(world, actor, command, back, path, patience - 1)
        return _until_done(world, actor, command, program._replace(take_over=back.take_over), path, 0)
    if advised == program:
        return world, program, ended
    return _until_done(world, actor, command, advised, path, patience - 1)

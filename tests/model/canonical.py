"""States that no later step can tell apart are one: counters shrink, time passes for what is recorded."""

from collections.abc import Callable, Iterator

from tests.model.engine import with_state
from tests.model.mentions import mentioned
from tests.model.world import Digest, Late, Service, World, aged, aged_date
from whatsapp_flow_keys.ring import KeyRing


def canonical(world: World) -> World:
    """A world between commands without what no later step can tell apart."""
    if not world.late:
        places = tuple(
            place._replace(version=1, before=(place.before[0], 0) if place.before else None) for place in world.places
        )
        world = world._replace(places=places)
    wanted = {world.meta.served, *(late.fingerprint for late in world.late)}
    if world.service != Service():
        world = world._replace(service=Service(*(keys & mentioned(world) for keys in world.service)))
    return _with_small_revisions(world._replace(taken=frozenset(), forgone=world.forgone & wanted))


def _with_small_revisions(world: World) -> World:
    rings = {ring.revision for ring in rings_in(world)}
    small = {revision: index + 1 for index, revision in enumerate(sorted(rings))}

    def ring(value: KeyRing | None) -> KeyRing | None:
        if value is None or small[value.revision] == value.revision:
            return value
        return KeyRing(value.phone_number_id, value.managed_by, value.owner, small[value.revision], value.keys)

    return with_rings(world, ring)


def with_rings(world: World, change: Callable[[KeyRing | None], KeyRing | None]) -> World:
    """The world with every ring in it changed."""

    def recorded(value: KeyRing | Digest | None) -> KeyRing | Digest | None:
        if isinstance(value, Digest):
            changed = change(value.ring)
            assert changed
            return Digest(changed)
        return change(value)

    return world._replace(
        places=tuple(
            place._replace(
                ring=change(place.ring), before=(change(place.before[0]), place.before[1]) if place.before else None
            )
            for place in world.places
        ),
        late=tuple(Late(late.place, late.fingerprint, change(late.ring), late.version) for late in world.late),
        snapshot=change(world.snapshot),
        states=tuple(
            tuple(
                each._replace(
                    inputs=each.inputs.replaced("ring", recorded(each.inputs.get("ring"))),
                    outs=each.outs.replaced("ring", recorded(each.outs.get("ring"))),
                )
                for each in state
            )
            for state in world.states
        ),
    )


def rings_in(world: World) -> Iterator[KeyRing]:
    """Every ring that a later step may come upon, some more than once."""
    for place in world.places:
        yield from (ring for ring in (place.ring, place.before[0] if place.before else None) if ring)
    yield from (late.ring for late in world.late if late.ring)
    if world.snapshot:
        yield world.snapshot
    for resource in (each for state in world.states for each in state):
        for ring in (props.get("ring") for props in (resource.inputs, resource.outs)):
            if ring:
                yield ring.ring if isinstance(ring, Digest) else ring


def older(world: World, *, days: int = 0, hours: int = 0) -> World:
    """The world when days have passed: a day ends every grace, 90 make every key due. Or hours: nothing is under way
    any more, and every grace lasts. Reads no longer answer what was true before."""
    world = world._replace(meta=world.meta._replace(hidden=None))
    world = with_rings(world, lambda ring: aged(ring, days=days, hours=hours) if ring else None)
    state = tuple(
        each._replace(
            inputs=each.inputs.replaced("issued_on", aged_date(each.inputs.get("issued_on"), days)),
            outs=each.outs.replaced("issued_on", aged_date(each.outs.get("issued_on"), days)),
        )
        for each in world.states[0]
    )
    return with_state(world, 0, state)


def put_back(world: World) -> World:
    """The world when those who took keys of the service out of use have put them back."""
    service = world.service
    back = Service(service.in_use | service.by_others, service.out - service.by_others)
    return world._replace(service=back)

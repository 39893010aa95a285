"""What the world refers to: fingerprints, ids and passphrases. What is made fresh is none of them."""

from tests.model.keys import ours, word_of
from tests.model.program import RING
from tests.model.world import Resource, World
from whatsapp_flow_keys.ring import KeyRing


def fresh_number(world: World) -> int:
    """The first pair and id that nothing in the world refers to."""
    names = mentioned(world)
    for number, key in enumerate(ours()):
        if number not in world.taken and key.fingerprint not in names and f"id-{number}" not in names:
            return number
    raise AssertionError("a search needs more key pairs than there are")


def mentioned(world: World) -> set[str | None]:
    """The fingerprints and ids that the world refers to."""
    rings = _documents(world)
    names = {world.meta.served, *(world.meta.hidden or ()), *(late.fingerprint for late in world.late)}
    for resource in (each for state in world.states for each in state):
        names |= {resource.id, resource.outs.get("fingerprint"), resource.outs.get("proven_fingerprint")}
        rings += [resource.outs.get("ring")] if resource.kind == RING else []
    for ring in rings:
        names |= {ring.owner, *(key.fingerprint for key in ring.keys)}
    return names


def words(world: World, *states: tuple[Resource, ...]) -> set[str | None]:
    """The passphrases that something in the world was written with, or records."""
    pems = (key.private_key_pem for ring in _documents(world) for key in ring.keys if key.reference is None)
    found = {word_of(pem) for pem in pems}
    return found | {
        word for state in (*world.states, *states) for resource in state for word in recorded_words(resource)
    }


def recorded_words(resource: Resource) -> set[str | None]:
    """The passphrases that the state holds in one resource."""
    outs = resource.outs
    return {outs.get("result"), outs.get("passphrase"), *(outs.get("former_passphrases") or ())}


def _documents(world: World) -> list[KeyRing]:
    """Every ring that is in a place, may be read from it, or is under way to it."""
    rings = [place.ring for place in world.places]
    rings += [place.before[0] for place in world.places if place.before]
    rings += [world.snapshot, *(late.ring for late in world.late)]
    return [ring for ring in rings if ring is not None]

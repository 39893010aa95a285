"""Registration: the public key at Meta, as states found and what is done. It reads like the table in the design.

Promises kept here: a key is published only after its private half is durable everywhere and marked as offered (P1);
what Meta serves becomes *current* only after both sides were read back and a round trip (P3).
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from whatsapp_flow_keys.audit import THROUGH_LOGGING, Audit, Operation
from whatsapp_flow_keys.clock import Clock
from whatsapp_flow_keys.errors import (
    KeyNotInRingError,
    PrivateKeyError,
    RegistrationError,
    RoundTripError,
    StoreError,
)
from whatsapp_flow_keys.flow_message import is_round_trip
from whatsapp_flow_keys.graph.answers import RegisteredKey
from whatsapp_flow_keys.graph.client import Graph
from whatsapp_flow_keys.graph.errors import AnswerLostError, GraphError
from whatsapp_flow_keys.graph.signature_status import VALID
from whatsapp_flow_keys.keys import CHECKED, PrivateKey, load_public_key
from whatsapp_flow_keys.lifecycle.asking import ask
from whatsapp_flow_keys.lifecycle.findings import IN_PLACE, NOTHING
from whatsapp_flow_keys.lifecycle.foreign_key import refuse_foreign_key
from whatsapp_flow_keys.lifecycle.gate import Gate
from whatsapp_flow_keys.lifecycle.passphrases import is_written_with, open_key, rewritten
from whatsapp_flow_keys.lifecycle.rings import Claim, Rings, look_at_ring, read_rings
from whatsapp_flow_keys.lifecycle.trail import Trail
from whatsapp_flow_keys.ring import KeyRing, RingKey, Role, offer, promote
from whatsapp_flow_keys.stores.recorded import RecordedRing
from whatsapp_flow_keys.stores.store import Store

_PUBLICATIONS = 3
_READS = 5
_SECONDS_BETWEEN_READS = 1.0


@dataclass(frozen=True)
class Wanted:
    """The key that Meta should serve.

    ``replaceable``: fingerprints that may be published over though not ours, and :data:`NOTHING` where Meta may serve
    none though one was registered. ``former_passphrases``: what some keys of the ring were written with before; see
    :mod:`whatsapp_flow_keys.lifecycle.passphrases`. ``proven``: the fingerprint that the state records as proven.
    ``deployed``: the endpoint has got the new passphrase, too, so that the ring may be written with it alone.
    """

    fingerprint: str
    claim: Claim
    passphrase: str | None = None
    replaceable: Collection[str] = ()
    former_passphrases: Sequence[str] = ()
    proven: str | None = None
    deployed: bool = False

    def registered(self, ring: KeyRing) -> str | None:
        """A key that was proven at Meta, as far as the ring and the state tell; None before the first one.

        That a key was offered proves nothing: its publication may never have left.
        """
        proven = (key.fingerprint for key in ring.keys if key.role in (Role.CURRENT, Role.PREVIOUS))
        return next(proven, self.proven)

    def open(self, key: RingKey) -> PrivateKey:
        """The private key of a ring's entry. Raises :class:`PrivateKeyError`."""
        try:
            return open_key(key, self.passphrase, *self.former_passphrases, checked=CHECKED)
        except PrivateKeyError as error:
            raise PrivateKeyError(
                f"{error}. Give the passphrase that the ring was written with (the one of the change before, if that "
                f"was interrupted), run `pulumi up`, then change it"
            ) from None

    def public_key_pem(self, ring: KeyRing) -> str:
        """The public half, from the private one that ``ring`` holds."""
        held = ring.key(self.fingerprint)
        if held is None:
            raise KeyNotInRingError(f"key {self.fingerprint} left the ring of phone number {ring.phone_number_id}")
        return self.open(held).public_key_pem


@dataclass(frozen=True)
class Inspection:
    """What was found without changing anything.

    ``key_ring`` is :data:`IN_PLACE`, or a sentence of what is amiss. ``foreign`` is the fingerprint that Meta serves,
    where every store could be read and none holds it.
    """

    served: RegisteredKey
    key_ring: str
    foreign: str | None

    def proves(self, fingerprint: str) -> bool:
        """Meta serves this key, signed, and it is current in every store."""
        return self.served.is_valid and self.served.fingerprint == fingerprint and self.key_ring == IN_PLACE


def register(
    wanted: Wanted,
    *,
    stores: Sequence[Store],
    graph: Graph,
    clock: Clock,
    gate: Gate | None = None,
    warn: Callable[[str], None] = print,
    audit: Audit = THROUGH_LOGGING,
) -> RegisteredKey:
    """Makes Meta serve the wanted key and proves it; what Meta serves then. ``warn`` gets what a person should know.

    Raises :class:`ForeignKeyError`, :class:`KeyNotInRingError`, :class:`EndpointNotReadyError`,
    :class:`RegistrationError`, :class:`RoundTripError`, and the errors of the Graph API and the stores. Running it
    again goes on from what it finds.
    """
    trail = wanted.claim.trail(audit)
    with trail.step(Operation.VERIFIED, wanted.fingerprint):
        return _registered(wanted, stores, graph, clock, gate, warn, trail)


def _registered(
    wanted: Wanted,
    stores: Sequence[Store],
    graph: Graph,
    clock: Clock,
    gate: Gate | None,
    warn: Callable[[str], None],
    trail: Trail,
) -> RegisteredKey:
    number, desired = wanted.claim.phone_number_id, wanted.fingerprint
    rings = read_rings(stores, wanted.claim, desired, trail)
    publications = reads = 0
    unconfirmed: GraphError | None = None
    held = doubted = False
    while True:
        ring = rings.ring
        registered = wanted.registered(ring)
        served = ask(graph, number, clock, known=registered is not None and not publications)

        # The ring lacks the key: publishing it would make forms unreadable.
        if desired not in ring:
            raise KeyNotInRingError(_not_in_ring(wanted, stores))

        # Somebody else's key is live, and nobody said that it may go.
        refuse_foreign_key(served.fingerprint, ring, replaceable=wanted.replaceable, refresh_helps=True)

        # Meta has no deletion: "nothing" beside a registered key is no reason to publish, unless a refresh saw it, too.
        if served.fingerprint is None and registered and not publications and NOTHING not in wanted.replaceable:
            raise RegistrationError(_contradicted(number, registered))

        # An interrupted rotation: what it published is finished first.
        if served.fingerprint is not None and served.fingerprint in ring and served.fingerprint != desired:
            rings = rings.write(promote(ring, served.fingerprint, desired=desired, now=clock.now()))

        # In place, or as good as it gets: prove it, then it is current, wherever it lay.
        settled = served.is_valid or (publications > 0 and reads >= _READS)
        if served.fingerprint == desired and settled:
            rings = rings.read_again(wanted.claim, desired)
            prove(served, rings.ring, wanted)
            if served.is_valid and (publications or not _is_in_place(rings, wanted)):
                trail.done(Operation.VERIFIED, desired, trace_id=served.trace_id)
            promoted = promote(rings.ring, desired, desired=desired, now=clock.now())
            rings.write(_with_one_passphrase(promoted, wanted))
            if not served.is_valid:
                raise RegistrationError(_not_valid(number, served))
            if _in_stack(rings) and wanted.proven != desired:
                trail.done(Operation.PROMOTED, desired, store=RecordedRing.url)
            return served

        # Published, and not seen yet.
        if publications and reads < _READS:
            reads += 1
            clock.sleep(_SECONDS_BETWEEN_READS)
            continue
        if unconfirmed is not None and (publications >= _PUBLICATIONS or not isinstance(unconfirmed, AnswerLostError)):
            raise unconfirmed
        if publications >= _PUBLICATIONS:
            raise RegistrationError(_not_served(number, desired, served))

        # Forms will be encrypted with the new key at once: first the live endpoint proves that it holds it.
        if gate is not None and not held and served.fingerprint != desired:
            public_key = wanted.public_key_pem(rings.ring)
            if served.fingerprint is not None or registered not in (None, desired):
                gate.hold(public_key, desired, number, clock, warn)
                held = True
                rings = read_rings(stores, wanted.claim, desired, trail)  # it may have taken a while
                continue
            if not doubted and (doubt := gate.doubt(public_key, desired, number)):
                warn(doubt)
            doubted = True

        # Meta serves nothing, another key, or this one unsigned: durable and marked first, then published.
        with trail.changing([(Operation.OFFERED, desired)]):
            rings = rings.write(offer(rings.ring, desired, now=clock.now()))
        publications, reads = publications + 1, 0
        unconfirmed = _publish(desired, wanted.public_key_pem(rings.ring), number, graph, trail)


def _publish(desired: str, public_key_pem: str, number: str, graph: Graph, trail: Trail) -> GraphError | None:
    """Sends the key to Meta. Returns the error of a call that may have taken effect, or may still: reading decides.

    Raises :class:`GraphError` where it had none.
    """
    try:
        with trail.step(Operation.PUBLISHED, desired):
            trace_id = graph.set_public_key(number, public_key_pem)
            trail.done(Operation.PUBLISHED, desired, trace_id=trace_id)
    except GraphError as error:
        if not error.may_have_taken_effect:
            raise
        return error
    return None


def inspect(wanted: Wanted, *, stores: Sequence[Store], graph: Graph) -> Inspection:
    """Both sides as they are; changes nothing. A store that can't be read is part of what is found.

    Raises :class:`GraphError` when Meta can't be asked: then nothing is known.
    """
    served = graph.get_registered_key(wanted.claim.phone_number_id)
    amiss: list[str] = []
    found: list[tuple[Store, KeyRing]] = []
    for store in stores:
        try:
            found.append((store, look_at_ring(store, wanted.claim).ring))
        except StoreError as error:
            amiss.append(str(error))
    # In the stack, keys leave a step later than in its backups.
    offered = {k.fingerprint for store, ring in found if not _is_recorded(store) for k in ring.keys if k.offered_at}
    for store, ring in found:
        amiss.extend(_amiss(store, ring, wanted.fingerprint, offered))
    readable = len(found) == len(stores)
    ours = any(served.fingerprint in ring for _, ring in found)
    foreign = served.fingerprint if readable and not ours else None
    return Inspection(served, "; ".join(amiss) or IN_PLACE, foreign)


def prove(served: RegisteredKey, ring: KeyRing, wanted: Wanted) -> None:
    """A request encrypted with the key read from Meta is decrypted with the key read from the store.

    Raises :class:`RoundTripError` otherwise.
    """
    held = ring.key(wanted.fingerprint)
    if held is None or served.public_key_pem is None:
        raise RoundTripError(
            f"phone number {ring.phone_number_id}: key {wanted.fingerprint} left the ring while it was registered, so "
            f"it could not be proven. Run `pulumi up` again"
        )
    if not is_round_trip(load_public_key(served.public_key_pem), wanted.open(held)):
        raise RoundTripError(
            f"phone number {ring.phone_number_id}: a request encrypted with the key that Meta serves could not be "
            f"decrypted with key {wanted.fingerprint} of the ring; it was not made current"
        )


def _amiss(store: Store, ring: KeyRing, desired: str, offered: Collection[str]) -> list[str]:
    if desired not in ring:
        return [f"{store.url}: lacks key {desired}"]
    if _is_recorded(store):
        return []
    current = ring.current.fingerprint if ring.current else "none"
    if current != desired:
        return [f"{store.url}: current is {current}"]
    return [f"{store.url}: lacks key {other}, which another store holds" for other in offered if other not in ring]


def _is_recorded(store: Store) -> bool:
    return isinstance(store, RecordedRing)


def _in_stack(rings: Rings) -> bool:
    return any(_is_recorded(store) for store, _ in rings.found)


def _is_in_place(rings: Rings, wanted: Wanted) -> bool:
    """Whether a proof is no news: the key is current in every store, and recorded as proven with the stack's ring."""
    if _in_stack(rings) and wanted.proven != wanted.fingerprint:
        return False
    rest = [held.ring for store, held in rings.found if not _is_recorded(store)]
    return all(ring and ring.current and ring.current.fingerprint == wanted.fingerprint for ring in rest)


def _with_one_passphrase(ring: KeyRing, wanted: Wanted) -> KeyRing:
    """``ring`` written with the passphrase that is asked for, once the endpoint needs it anyhow.

    It does where it was deployed with it, or where the key that Meta serves was written with it: then an endpoint that
    has the former one alone opens no form. Until then each PEM keeps its own.
    """
    current = ring.key(wanted.fingerprint)
    if wanted.deployed or (current is not None and is_written_with(current, wanted.passphrase)):
        return rewritten(ring, wanted.passphrase, wanted.former_passphrases)
    return ring


def _contradicted(number: str, registered: str) -> str:
    return (
        f"phone number {number}: Meta answers that the number has no key, but key {registered} was registered there, "
        f"and Meta offers no way to remove one. Nothing was published. Run `pulumi up` again. If Meta really has none, "
        f"as after the number was registered again, `pulumi up --refresh` records that and publishes the key"
    )


def _not_in_ring(wanted: Wanted, stores: Sequence[Store]) -> str:
    places = ", ".join(store.url for store in stores)
    return (
        f"phone number {wanted.claim.phone_number_id}: the private key {wanted.fingerprint} is not in {places} (any "
        f"more), so its public key was not published. Restore the document from a backup, or give a new "
        f"rotation_trigger to make another key"
    )


def _not_valid(number: str, served: RegisteredKey) -> str:
    return (
        f"phone number {number}: Meta serves the key, but its signature status is {served.signature_status}, not "
        f"{VALID}. Register the phone number for the Cloud API again if that stays, then run `pulumi up --refresh`"
    )


def _not_served(number: str, desired: str, served: RegisteredKey) -> str:
    return (
        f"phone number {number}: key {desired} was published {_PUBLICATIONS} times, but Meta still serves "
        f"{served.fingerprint or 'none'}. No key is lost: run `pulumi up` again; somebody else may be publishing, too"
    )

"""What a registration does next. The first row that fits decides:

the ring lacks the wanted key
    stop: publishing it would make forms unreadable
Meta serves a key that is not in the ring, and nobody said that it may be replaced
    stop (promise P5)
Meta serves nothing, but a key was registered there, and nothing was published or found by a refresh since
    stop: Meta has no way to remove a key, so the answer contradicts what is known
Meta serves another key of the ring
    finish that rotation first: the key becomes *current*
Meta serves the wanted key, and its status is VALID or was read often enough
    prove it: a round trip, then it becomes *current*
published, and not served yet
    read again, up to :data:`READS` times
published, and the outcome is an error that won't change
    stop with that error
published :data:`PUBLICATIONS` times
    stop: Meta still serves another key
another key is or was live, and what Meta serves changed during each of two waits for the endpoint
    stop: nobody knows what the endpoint has to hold
another key is or was live, and the endpoint didn't prove that it holds the wanted one and what Meta serves
    ask the endpoint until it holds both
the number's first key, and the endpoint was not asked
    ask the endpoint once, and only warn
anything else: Meta serves nothing, another key of the ring, or this one with a status that isn't VALID
    mark the key as offered in every store, then publish it

:func:`next_step` only decides; :mod:`whatsapp_flow_keys.lifecycle.registration` acts, and looks again.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from whatsapp_flow_keys.errors import FlowKeysError, KeyNotInRingError, RegistrationError
from whatsapp_flow_keys.fingerprint import short
from whatsapp_flow_keys.lifecycle.findings import NOTHING
from whatsapp_flow_keys.lifecycle.foreign_key import foreign_key_error
from whatsapp_flow_keys.lifecycle.wanted import Wanted
from whatsapp_flow_keys.registrars.errors import RegistrarError, UnconfirmedError
from whatsapp_flow_keys.registrars.registrar import ServedKey
from whatsapp_flow_keys.ring import KeyRing

PUBLICATIONS = 3
"""How often a key is published before a registration gives up."""

READS = 5
"""How often Meta is read after a publication before the key is published again."""

ANSWERS = 3
"""How many answers of Meta's, each unlike the one before, show that it is of no use to ask the endpoint again."""


@dataclass(frozen=True)
class Found:
    """One look at both sides.

    Args:
        served: what Meta serves.
        ring: the union of the stores.
        places: the URLs of the stores.
        other_is_current: another key that Meta serves was made *current* since this look began.
    """

    served: ServedKey
    ring: KeyRing
    places: Sequence[str]
    other_is_current: bool = False


class GateState(Enum):
    """What the live endpoint has proven to hold."""

    NONE = "the program names no endpoint"
    SHUT = "the endpoint was not asked yet"
    WARNED = "it was asked once, and nothing waits for it"
    OPEN = "it holds the wanted key, and the one of the ring that Meta serves"


@dataclass(frozen=True)
class Progress:
    """What this registration has done so far.

    Args:
        gate: what the live endpoint has proven to hold.
        publications: how often the key was sent to Meta.
        reads: how often Meta was read in vain since the last of them.
        unconfirmed: the error of the last publication, which may have taken effect all the same.
        answers: what Meta served before and after the waits for the endpoint during which that changed.
    """

    gate: GateState = GateState.NONE
    publications: int = 0
    reads: int = 0
    unconfirmed: RegistrarError | None = None
    answers: tuple[str | None, ...] = ()

    @property
    def was_read_enough(self) -> bool:
        """Whether reading Meta again is not expected to show anything new."""
        return self.reads >= READS


class Do(Enum):
    """The steps that are not the end of a registration; the last one but for its errors."""

    FINISH_OTHER = "make the other key that Meta serves current"
    READ_AGAIN = "wait, then read Meta again"
    ASK_ENDPOINT = "wait until the endpoint holds the key, and the one that Meta serves"
    WARN = "ask the endpoint once, and warn"
    PUBLISH = "mark the key as offered, and publish it"
    PROVE = "prove the key, and make it current"


@dataclass(frozen=True)
class Stop:
    """Nothing more can be done: the error says why, and what to do."""

    error: FlowKeysError


def next_step(found: Found, wanted: Wanted, progress: Progress) -> Do | Stop:
    """The table of the module, row by row."""
    served, ring, key = found.served.fingerprint, found.ring, wanted.fingerprint
    registered = wanted.registered(ring)
    first_publication = progress.publications == 0

    if key not in ring:
        return Stop(KeyNotInRingError(_not_in_ring(wanted, found)))
    if foreign := foreign_key_error(served, ring, replaceable=wanted.replaceable, refresh_helps=True):
        return Stop(foreign)
    if served is None and registered and first_publication and NOTHING not in wanted.replaceable:
        return Stop(RegistrationError(_contradicted(ring.phone_number_id, registered)))
    if served in ring and served != key and not found.other_is_current:
        return Do.FINISH_OTHER
    if served == key and (found.served.is_valid or progress.was_read_enough):
        return Do.PROVE
    if not first_publication and not progress.was_read_enough:
        return Do.READ_AGAIN
    if progress.unconfirmed and not _is_worth_another_try(progress):
        return Stop(progress.unconfirmed)
    if progress.publications >= PUBLICATIONS:
        return Stop(RegistrationError(_not_served(wanted, found)))
    if served != key and progress.gate in (GateState.SHUT, GateState.WARNED):
        if served is not None or registered not in (None, key):
            if len(progress.answers) >= ANSWERS:
                return Stop(RegistrationError(_unstable(ring.phone_number_id, key, progress.answers)))
            return Do.ASK_ENDPOINT
        if progress.gate is GateState.SHUT:
            return Do.WARN
    return Do.PUBLISH


def _is_worth_another_try(progress: Progress) -> bool:
    return progress.publications < PUBLICATIONS and isinstance(progress.unconfirmed, UnconfirmedError)


def _contradicted(number: str, registered: str) -> str:
    return (
        f"phone number {number}: Meta answers that the number has no key, but key {registered} was registered there, "
        f"and Meta offers no way to remove one. Nothing was published. Run `pulumi up` again. If Meta really has none, "
        f"as after the number was registered again, `pulumi up --refresh` records that and publishes the key"
    )


def _unstable(number: str, key: str, answers: Sequence[str | None]) -> str:
    served = ", then ".join(f"key {short(answer)}" if answer else "none" for answer in answers)
    return (
        f"phone number {number}: Meta's answers changed while the endpoint was asked whether it holds key {short(key)} "
        f"and the one that Meta serves: that was {served}. Nothing was published meanwhile. Run `pulumi up` again once "
        f"Meta's answers are stable; somebody else may be publishing, too"
    )


def _not_in_ring(wanted: Wanted, found: Found) -> str:
    return (
        f"phone number {found.ring.phone_number_id}: the private key {wanted.fingerprint} is not in "
        f"{', '.join(found.places)}, so its public key was not published. Restore the document from a "
        f"backup, or give a new rotation_trigger to make another key, with take_over where Meta serves this one"
    )


def _not_served(wanted: Wanted, found: Found) -> str:
    return (
        f"phone number {found.ring.phone_number_id}: key {wanted.fingerprint} was published {PUBLICATIONS} times, "
        f"but Meta still serves {found.served.fingerprint or 'none'}. No key is lost: run `pulumi up` again; somebody "
        f"else may be publishing, too"
    )

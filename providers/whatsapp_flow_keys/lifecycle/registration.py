"""Registration: makes Meta serve the wanted key, and proves it. Each step is decided by :mod:`.next_step`'s table.

Promises kept here: a key is published only after its private half is durable everywhere and marked as offered (P1);
what Meta serves becomes *current* only after both sides were read back and a round trip (P3).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from whatsapp_flow_keys.audit import Operation
from whatsapp_flow_keys.custody.pem import is_written_with, rewritten, strengthened
from whatsapp_flow_keys.errors import ForeignKeyError, RegistrationError, RoundTripError
from whatsapp_flow_keys.fingerprint import short
from whatsapp_flow_keys.flow_protocol.message import is_round_trip
from whatsapp_flow_keys.keys import load_public_key, public_key_fingerprint
from whatsapp_flow_keys.lifecycle.asking import ask
from whatsapp_flow_keys.lifecycle.gate import Gate
from whatsapp_flow_keys.lifecycle.held_keys import refuse_unusable, regained, retire_what_left
from whatsapp_flow_keys.lifecycle.next_step import PUBLICATIONS, Do, Found, GateState, Progress, Stop, next_step
from whatsapp_flow_keys.lifecycle.rings import Rings, read_rings
from whatsapp_flow_keys.lifecycle.session import Session
from whatsapp_flow_keys.lifecycle.wanted import Wanted
from whatsapp_flow_keys.registrars.errors import RegistrarError
from whatsapp_flow_keys.registrars.registrar import VALID, ServedKey
from whatsapp_flow_keys.ring import KeyRing, Role, offer, promote
from whatsapp_flow_keys.stores.store import Store
from whatsapp_flow_keys.stores.urls import STACK

_SECONDS_BETWEEN_READS = 1.0


def register(wanted: Wanted, stores: Sequence[Store], session: Session, *, gate: Gate | None = None) -> ServedKey:
    """Makes Meta serve the wanted key, and proves it. Running it again continues from what it finds.

    Args:
        wanted: the key.
        stores: every place of the ring; with the stack as the store, its recorded ring is the first.
        session: the number, Meta, the clock, the audit log.
        gate: the live endpoint that must hold the key first; None if the program names none.

    Returns:
        What Meta serves now.

    Raises:
        KeyNotInRingError: the stores lack the key.
        ForeignKeyError: Meta serves a key that may not be replaced.
        EndpointNotReadyError: the endpoint does not hold the key.
        RegistrationError: Meta does not serve the key as it should, or contradicts what is known.
        RoundTripError: the key that Meta serves and the one in the stores do not belong together.
        RegistrarError: Meta could not be asked, or refused.
        StoreError: a store could not be read or written.
    """
    with session.trail.step(Operation.VERIFIED, wanted.fingerprint):
        progress = Progress(GateState.SHUT if gate else GateState.NONE)
        rings = read_rings(stores, session.claim, session.trail, wanted.fingerprint)
        _warn_of_exposure(rings, session)
        return _Registration(wanted, session, gate, rings, progress).run()


def _warn_of_exposure(rings: Rings, session: Session) -> None:
    for store, held in rings.found:
        if held.exposed:
            session.say(f"warning: {store.url}: {held.exposed.found}; {held.exposed.do}")


@dataclass
class _Registration:
    """A run of the table: a method for each step."""

    wanted: Wanted
    session: Session
    gate: Gate | None
    rings: Rings
    progress: Progress

    def run(self) -> ServedKey:
        """Takes one step after another until the key is proven, or raises the error that says why it can't be."""
        found = self.look()
        while True:
            match next_step(found, self.wanted, self.progress):
                case Stop(error):
                    raise error
                case Do.PROVE:
                    return self.prove(found.served)
                case Do.FINISH_OTHER:
                    found = self.finish_other(found)
                case Do.WARN:
                    self.ask_endpoint_once()
                case Do.READ_AGAIN:
                    found = self.read_again()
                case Do.ASK_ENDPOINT:
                    found = self.ask_endpoint(found)
                case Do.PUBLISH:
                    found = self.publish()

    def look(self) -> Found:
        """Asks Meta again. The stores are read again only by the steps that need it."""
        ring = self.rings.ring
        known = self.wanted.registered(ring) is not None and not self.progress.publications
        served = ask(self.session, known=known)
        if served.fingerprint in self.wanted.replaceable:
            self.regain(ring, served.fingerprint)
        return Found(served, self.rings.ring, [store.url for store, _ in self.rings.found])

    def regain(self, ring: KeyRing, served: str | None) -> None:
        """Writes a key to every store that is about to be published over, or was lost there, and that a key service
        has. Raises :class:`ForeignKeyError` for the stack's own ring, which only a rotation can add it to."""
        joined = regained(ring, served, self.wanted.replaceable, self.session)
        if joined is ring:
            return
        if _in_stack(self.rings):
            raise ForeignKeyError(
                f"phone number {self.session.number}: Meta serves key {served}, whose private key a key service of "
                f"this stack has, and which is not in its key ring. Nothing was published: forms that people fill in "
                f'now need it. Set take_over="{served}" and a new rotation_trigger: it joins the ring then'
            )
        self.rings = self.rings.write(joined)

    def finish_other(self, found: Found) -> Found:
        """Finishes an interrupted rotation: the key that it published becomes current first."""
        other = found.served.fingerprint
        assert other is not None  # a key of the ring
        self.rings = self.rings.write(
            promote(found.ring, other, desired=self.wanted.fingerprint, now=self.session.clock.now())
        )
        return replace(found, ring=self.rings.ring, other_is_current=True)

    def read_again(self) -> Found:
        """Gives Meta a moment to serve what was published."""
        self.session.clock.sleep(_SECONDS_BETWEEN_READS)
        self.progress = replace(self.progress, reads=self.progress.reads + 1)
        return self.look()

    def ask_endpoint(self, found: Found) -> Found:
        """Waits for the endpoint: once the key is published, forms are encrypted with it immediately.

        Until then they are encrypted with the key that Meta serves, which the endpoint has to hold, too, if it can.
        """
        assert self.gate is not None  # else no step asks an endpoint
        served = found.served if found.served.fingerprint in found.ring else None
        new = self.wanted.public_key_pem(self.rings.ring)
        self.gate.hold(new, self.wanted.fingerprint, self.session, served=served)
        self.rings = self.rings.read_again(self.wanted.fingerprint)  # the wait may have been long
        looked = self.look()
        before, after = found.served.fingerprint, looked.served.fingerprint
        if before == after:
            self.progress = replace(self.progress, gate=GateState.OPEN)
        else:
            self.progress = replace(self.progress, answers=(*(self.progress.answers or (before,)), after))
        return looked

    def ask_endpoint_once(self) -> None:
        """Warns only: the number has no key yet, so no form can fail."""
        assert self.gate is not None  # else no step asks an endpoint
        self.gate.warn(self.wanted.public_key_pem(self.rings.ring), self.wanted.fingerprint, self.session)
        self.progress = replace(self.progress, gate=GateState.WARNED)

    def publish(self) -> Found:
        """Marks the key as offered in every store, then sends it to Meta. The next look shows if that took effect."""
        key = self.wanted.fingerprint
        if self.progress.publications:
            self.session.say(
                f"phone number {self.session.number}: Meta does not serve key {short(key)} yet. It is sent again "
                f"({self.progress.publications + 1} of {PUBLICATIONS})"
            )
        if held := self.rings.ring.key(key):
            refuse_unusable(held, self.session)
        with self.session.trail.changing([(Operation.OFFERED, key)]):
            self.rings = self.rings.write(offer(self.rings.ring, key, now=self.session.clock.now()))
        unconfirmed = self._send(key)
        self.progress = replace(
            self.progress, publications=self.progress.publications + 1, reads=0, unconfirmed=unconfirmed
        )
        return self.look()

    def _send(self, key: str) -> RegistrarError | None:
        """Publishes the key. Returns the error of a call that may have taken effect, or may still do so.

        Raises :class:`RegistrarError` for a call without effect.
        """
        public_key_pem = self.wanted.public_key_pem(self.rings.ring)
        try:
            with self.session.trail.step(Operation.PUBLISHED, key):
                trace_id = self.session.registrar.publish(self.session.number, public_key_pem)
                self.session.trail.done(Operation.PUBLISHED, key, trace_id=trace_id)
        except RegistrarError as error:
            if not error.may_have_taken_effect:
                raise
            return error
        return None

    def prove(self, served: ServedKey) -> ServedKey:
        """Reads both sides back. After a round trip the key becomes current, whatever its role was."""
        key, wanted = self.wanted.fingerprint, self.wanted
        self.rings = self.rings.read_no_older(key)
        prove(served, self.rings.ring, wanted, self.session)
        if served.is_valid and (self.progress.publications or not _is_in_place(self.rings, wanted)):
            self.session.trail.done(Operation.VERIFIED, key, trace_id=served.trace_id)
        promoted = promote(self.rings.ring, key, desired=key, now=self.session.clock.now())
        before = self.rings.ring
        self.rings.write(_with_one_passphrase(promoted, wanted))
        if not _in_stack(self.rings):  # from the stack's own ring a key goes with the next KeyRing
            retire_what_left(before, promoted, self.session)
        if not served.is_valid:
            raise RegistrationError(_not_valid(self.session.number, served))
        if _in_stack(self.rings) and wanted.proven != key:
            self.session.trail.done(Operation.PROMOTED, key, store=STACK)
        self.tell(promoted)
        return served

    def tell(self, ring: KeyRing) -> None:
        """Shows how a publication, or an adoption, ended; nothing where all was as it should be."""
        key = f"phone number {self.session.number}: key {short(self.wanted.fingerprint)}"
        if self.progress.publications:
            self.session.say(f"{key} is live and verified{_what_stays(ring)}")
        elif self.wanted.proven != self.wanted.fingerprint:
            self.session.say(f"{key} was live already and is verified; nothing was published{_what_stays(ring)}")


def prove(served: ServedKey, ring: KeyRing, wanted: Wanted, session: Session) -> None:
    """Encrypts a sample request with the key that Meta serves, and decrypts it with the key in the ring.

    A stack need not have the right to decrypt with a key that a service holds. That service is asked for the public
    half of its private key, and whether that is in use, which proves the same.

    Raises :class:`RoundTripError` or :class:`KeyUnusableError` if that fails.
    """
    held = ring.key(wanted.fingerprint)
    if held is None or served.public_key_pem is None:
        raise RoundTripError(
            f"phone number {ring.phone_number_id}: key {wanted.fingerprint} left the ring while it was registered, so "
            f"it could not be proven. Run `pulumi up` again"
        )
    if held.reference is not None:
        refuse_unusable(held, session)
        is_one = public_key_fingerprint(served.public_key_pem) == held.reference.fingerprint
    else:
        is_one = is_round_trip(load_public_key(served.public_key_pem), wanted.open(held))
    if not is_one:
        raise RoundTripError(
            f"phone number {ring.phone_number_id}: a request encrypted with the key that Meta serves could not be "
            f"decrypted with key {wanted.fingerprint} of the ring; it was not made current"
        )


def _what_stays(ring: KeyRing) -> str:
    """What can be promised of the key before: it may leave at a rotation, when it is neither current nor previous."""
    before = next((key for key in ring.keys if key.role is Role.PREVIOUS), None)
    return f". Key {short(before.fingerprint)} stays in the ring until the next rotation at least" if before else ""


def _in_stack(rings: Rings) -> bool:
    return any(store.is_recorded for store, _ in rings.found)


def _is_in_place(rings: Rings, wanted: Wanted) -> bool:
    """Whether the key is current in every store already, and with the stack's ring is recorded as proven."""
    if _in_stack(rings) and wanted.proven != wanted.fingerprint:
        return False
    rest = [held.ring for store, held in rings.found if not store.is_recorded]
    return all(ring and ring.current and ring.current.fingerprint == wanted.fingerprint for ring in rest)


def _with_one_passphrase(ring: KeyRing, wanted: Wanted) -> KeyRing:
    """``ring`` with every key encrypted with the wanted passphrase, once the endpoint can't do without it.

    That is so if the endpoint was deployed with it, or if the key that Meta serves was written with it: an endpoint
    that only has the former one then opens no form. Until then each PEM keeps its own. PEMs of older versions are
    strengthened at any time.
    """
    current = ring.key(wanted.fingerprint)
    if wanted.deployed or (current is not None and is_written_with(current, wanted.passphrase)):
        ring = rewritten(ring, wanted.passphrase, wanted.former_passphrases)
    return strengthened(ring, wanted.passphrase)


def _not_valid(number: str, served: ServedKey) -> str:
    return (
        f"phone number {number}: Meta serves the key, but its signature status is {served.signature_status}, not "
        f"{VALID}. Register the phone number for the Cloud API again if that stays, then run `pulumi up --refresh`"
    )

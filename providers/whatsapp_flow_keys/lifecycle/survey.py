"""A look at every copy of a number's ring, and at what Meta serves. It only reads: nothing is changed anywhere."""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum

from whatsapp_flow_keys.clock import Clock
from whatsapp_flow_keys.custody.pem import is_encrypted, open_key
from whatsapp_flow_keys.custody.services import NONE, KeyServices
from whatsapp_flow_keys.errors import (
    ForeignDocumentError,
    InputError,
    MissingExtraError,
    PrivateKeyError,
    StoreError,
)
from whatsapp_flow_keys.key_reference import KeyReference
from whatsapp_flow_keys.keys import PrivateKey
from whatsapp_flow_keys.registrars.errors import RegistrarError
from whatsapp_flow_keys.registrars.registrar import Registrar, ServedKey
from whatsapp_flow_keys.ring import KeyRing, RingKey, Role, promote
from whatsapp_flow_keys.stores.store import Exposure, Store

_LATER = "ask again in a few minutes"


@dataclass(frozen=True)
class Trouble:
    """What is wrong, and what to do, which may be in the first already. Neither begins a sentence."""

    found: str
    do: str = ""


class NoToken(Trouble):
    """Meta was not asked, since nobody gave a token."""


class NoNumber(Trouble):
    """Meta was not asked, since no ring could be read that names the number."""


class Held(Enum):
    """What a store answered."""

    RING = "ring"
    NOTHING = "nothing"
    FOREIGN = "something else"
    UNKNOWN = "unknown"
    """It could not be asked."""


@dataclass(frozen=True)
class Copy:
    """One place's ring. ``recorded``: it is the stack's own, which is written before its newest key is published.
    ``exposed``: who can read it who should not."""

    place: str
    held: Held
    ring: KeyRing | None = None
    trouble: Trouble | None = None
    recorded: bool = False
    exposed: Exposure | None = None

    def roles(self, served: str | None, now: datetime) -> Mapping[str, Role]:
        """What each key is, by fingerprint: as the store has it. In the stack's own ring what Meta serves is current,
        and where it serves none of the keys, or was not asked, nobody knows what they are: then there is none."""
        if self.ring is None or (self.recorded and served not in self.ring):
            return {}
        roles = {key.fingerprint: key.role for key in self.ring.keys}
        if self.recorded:
            seated = promote(self.ring, str(served), desired=str(served), now=now)
            roles.update((key.fingerprint, key.role) for key in seated.keys)
        return roles


@dataclass(frozen=True)
class Opened:
    """What became of opening a key. ``trouble`` is None where it opened; ``known`` is False without a passphrase, or
    where the ``service`` that holds the key can't be asked. What a service holds has no ``private_key`` here."""

    encrypted: bool
    private_key: PrivateKey | None = None
    trouble: str | None = None
    known: bool = True
    service: str | None = None

    @property
    def opens(self) -> bool | None:
        """Whether forms can be decrypted with it; None where that is not known."""
        return self.trouble is None if self.known else None


@dataclass(frozen=True)
class Survey:
    """What was found at the moment ``at`` (UTC). ``not_asked`` says why ``served`` is None."""

    copies: tuple[Copy, ...]
    served: ServedKey | None
    not_asked: Trouble | None
    at: datetime
    passphrases: tuple[str, ...] = field(repr=False)
    services: KeyServices = NONE

    @property
    def in_use(self) -> Copy | None:
        """The copy that an endpoint reads which starts now: the first that can be read and holds a ring."""
        return next((copy for copy in self.copies if copy.ring is not None), None)

    @property
    def number(self) -> str | None:
        """The phone number ID, as the ring has it."""
        ring = self.in_use.ring if self.in_use else None
        return ring.phone_number_id if ring else None

    @property
    def served_fingerprint(self) -> str | None:
        """What Meta serves; None where it serves nothing, or was not asked."""
        return self.served.fingerprint if self.served else None

    def open(self, key: RingKey) -> Opened:
        """The private key, with the passphrases at hand, or what its service says of it."""
        if key.reference is not None:
            return self._asked(key.reference)
        encrypted = is_encrypted(key)
        if encrypted and not self.passphrases:
            return Opened(True, trouble="WHATSAPP_FLOW_PASSPHRASE is not set", known=False)
        try:
            return Opened(encrypted, open_key(key, *self.passphrases))
        except PrivateKeyError as error:
            return Opened(encrypted, trouble=str(error))

    def _asked(self, reference: KeyReference) -> Opened:
        service = reference.service
        try:
            found = self.services.of(reference, str(self.number)).trouble(reference)
        except (StoreError, InputError) as error:
            return Opened(False, trouble=str(error), known=False, service=service)
        return Opened(False, trouble=found and f"{service}: {found}", service=service)

    def lag(self, copy: Copy) -> str | None:
        """In what a copy differs from the newest one; None where it is that, or the stack's own, or no ring at all.

        The stack's own ring and its backups are written by turns, so their revisions are no measure of each other.
        """
        rings = {
            other.place: other.ring
            for other in self.copies
            if other.ring and other.ring.phone_number_id == self.number and not other.recorded
        }
        ring = rings.get(copy.place)
        if ring is None:
            return None
        newest = max(rings, key=lambda place: rings[place].revision)
        revision = rings[newest].revision
        if ring.revision < revision:
            return f"revision {ring.revision} is behind revision {revision} of {newest}"
        if ring != rings[newest]:
            return f"differs from {newest}, though both have revision {revision}"
        return None


def survey(
    stores: Sequence[Store],
    registrar: Registrar | None,
    clock: Clock,
    *,
    passphrases: tuple[str, ...],
    services: KeyServices = NONE,
) -> Survey:
    """Reads every store at once, then asks Meta; without a ``registrar`` it doesn't. What fails is part of the survey.

    The number is that of the first ring that could be read.
    """
    with ThreadPoolExecutor() as pool:
        copies = tuple(pool.map(_look, stores))
    found = Survey(copies, None, None, clock.now(), passphrases)
    served, not_asked = _ask(registrar, found.number)
    return Survey(copies, served, not_asked, found.at, passphrases, services)


def _look(store: Store) -> Copy:
    try:
        held = store.read()
    except ForeignDocumentError as error:
        return Copy(store.url, Held.FOREIGN, trouble=Trouble(error.said))
    except (StoreError, MissingExtraError) as error:
        return Copy(store.url, Held.UNKNOWN, trouble=Trouble(error.said))
    if held.ring is not None:
        return Copy(store.url, Held.RING, held.ring, recorded=store.is_recorded, exposed=held.exposed)
    deleted = Trouble("its document was soft-deleted", "run `pulumi up --refresh`, which restores it")
    return Copy(store.url, Held.NOTHING, trouble=deleted if held.deleted else Trouble("there is no key ring"))


def _ask(registrar: Registrar | None, number: str | None) -> tuple[ServedKey | None, Trouble | None]:
    if number is None:
        return None, NoNumber("was not asked: no key ring could be read, so the phone number ID is not known")
    if registrar is None:
        return None, NoToken("was not asked: WHATSAPP_ACCESS_TOKEN is not set", "set it to a token for this number")
    try:
        return registrar.served(number), None
    except RegistrarError as error:
        return None, Trouble(error.found, error.advice_outside_pulumi)

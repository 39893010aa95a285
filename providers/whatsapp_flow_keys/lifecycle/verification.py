"""Whether Meta, every store and the live endpoint agree, as a list of checks. It only reads.

What decides is whether forms can be opened: the copy that an endpoint reads is judged by that, every other copy by
whether it could take its place.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import IntEnum

from whatsapp_flow_keys.errors import InputError
from whatsapp_flow_keys.fingerprint import short
from whatsapp_flow_keys.flow_protocol.live_endpoint import LiveEndpoint
from whatsapp_flow_keys.flow_protocol.message import is_round_trip
from whatsapp_flow_keys.keys import load_public_key
from whatsapp_flow_keys.lifecycle.survey import Copy, Held, NoNumber, Opened, Survey
from whatsapp_flow_keys.registrars.registrar import VALID, ServedKey
from whatsapp_flow_keys.ring import KeyRing, RingKey, Role, may_come_to_be_served

_UP = "run `pulumi up`"
_REFRESH = "run `pulumi up --refresh`"
_LONGEST_PENDING = timedelta(days=2)
"""After this a key that was never offered has waited for a day at least: ``issued_on`` has no time of day."""


class Level(IntEnum):
    """What a check means for forms; also the exit status of `verify`, as monitoring plugins have it."""

    OK = 0
    WARNING = 1
    """Forms work; something should be fixed before it matters."""
    CRITICAL = 2
    """Forms fail, or may fail."""
    UNKNOWN = 3
    """It could not be asked."""

    @property
    def weight(self) -> int:
        """How it counts against others: what is known to fail counts most, then what is not known."""
        return (Level.OK, Level.WARNING, Level.UNKNOWN, Level.CRITICAL).index(self)


@dataclass(frozen=True)
class Check:
    """``name`` stays what it is, for programs; ``found`` and ``do`` are for people. ``place``: whom it is about.

    ``follows``: it could not be made because of what another check found.
    """

    name: str
    place: str
    level: Level
    found: str
    do: str = ""
    follows: bool = False


@dataclass(frozen=True)
class Verdict:
    """All checks, in the order in which a form needs what they are about."""

    checks: tuple[Check, ...]

    @property
    def level(self) -> Level:
        """That of the weightiest check."""
        return self.gravest.level

    @property
    def gravest(self) -> Check:
        """The weightiest check, the first of them: a cause before what follows from it."""
        return max(self.checks, key=lambda check: (check.level.weight, not check.follows))


def verify(survey: Survey, endpoint: LiveEndpoint | None = None) -> Verdict:
    """The checks of what was found, and of the endpoint, which is sent one encrypted ping."""
    checks = [*_of_meta(survey)]
    for copy in survey.copies:
        checks += _of_copy(copy, survey)
    checks += _of_rotation(survey)
    if endpoint is not None:
        checks.append(_of_endpoint(endpoint, survey.served))
    return Verdict(tuple(checks))


def _of_meta(survey: Survey) -> Iterator[Check]:
    served = survey.served
    if served is None:
        assert survey.not_asked is not None
        found, do = survey.not_asked.found, survey.not_asked.do
        yield Check("served", "Meta", Level.UNKNOWN, found, do, follows=isinstance(survey.not_asked, NoNumber))
    elif served.fingerprint is None:
        yield Check("served", "Meta", Level.CRITICAL, "serves no public key: no form can be sent", _REFRESH)
    else:
        yield Check("served", "Meta", Level.OK, f"serves key {served.fingerprint}")
        yield _of_signature(served)


def _of_signature(served: ServedKey) -> Check:
    status = served.signature_status or "none"
    if served.is_valid:
        return Check("signature", "Meta", Level.OK, f"signature status {VALID}")
    found = f"signature status {status}, not {VALID}: WhatsApp's clients may refuse the key (was the number registered"
    return Check("signature", "Meta", Level.CRITICAL, f"{found} anew?)", f"{_REFRESH}, which has the same key signed")


def _of_copy(copy: Copy, survey: Survey) -> Iterator[Check]:
    """A copy that no endpoint reads can't fail a form now: what is wrong with it is a warning. So it is behind one that
    could not be read, which may be the copy in use."""
    in_use = survey.in_use
    behind = any(other.held is Held.UNKNOWN for other in survey.copies[: survey.copies.index(copy)])
    wrong = Level.CRITICAL if copy is in_use or (in_use is None and not behind) else Level.WARNING
    if copy.ring is None:
        assert copy.trouble is not None
        unknown = copy.held is Held.UNKNOWN and in_use is None
        yield Check(
            "ring",
            copy.place,
            Level.UNKNOWN if unknown else wrong,
            copy.trouble.found,
            copy.trouble.do or _lost(copy, survey),
        )
        return
    if copy.ring.phone_number_id != survey.number:
        found = f"holds the key ring of phone number {copy.ring.phone_number_id}, not of {survey.number}"
        yield Check("ring", copy.place, Level.WARNING, found, "give each number a place of its own")
        return
    yield _of_agreement(copy, copy.ring, survey)
    if copy.exposed:
        yield Check("rights", copy.place, Level.WARNING, copy.exposed.found, copy.exposed.do)
    served = survey.served_fingerprint
    if served is not None:
        yield _of_role(copy, copy.ring, served, survey, wrong)
    yield _of_private_keys(copy, copy.ring, survey, wrong)
    for key in copy.ring.keys:
        if key.fingerprint == served:
            yield from _of_round_trip(copy, key, survey, wrong)


def _lost(copy: Copy, survey: Survey) -> str:
    if copy.held is not Held.NOTHING:
        return ""
    if survey.in_use is None:
        return "check the URL; if it is right, restore the document from a backup: `whatsapp-flow-keys restore`"
    return f"check the URL; if it is right: {_REFRESH}"


def _of_agreement(copy: Copy, ring: KeyRing, survey: Survey) -> Check:
    lag = survey.lag(copy)
    if lag is not None:
        return Check("ring", copy.place, Level.WARNING, lag, _REFRESH)
    keys = "1 key" if len(ring.keys) == 1 else f"{len(ring.keys)} keys"
    return Check("ring", copy.place, Level.OK, f"key ring with {keys}, revision {ring.revision}")


def _of_role(copy: Copy, ring: KeyRing, served: str, survey: Survey, wrong: Level) -> Check:
    role = copy.roles(served, survey.at).get(served)
    if role is Role.CURRENT:
        return Check("role", copy.place, Level.OK, "what Meta serves is the current key")
    if role is None:
        found = f"does not hold the private key of what Meta serves, {served}"
        return Check("role", copy.place, wrong, found, _regain(served, survey))
    found = f"what Meta serves is the {role.value} key here, not the current one"
    return Check("role", copy.place, Level.WARNING, f"{found}: a rotation was not finished", _REFRESH)


def _regain(served: str, survey: Survey) -> str:
    for copy in survey.copies:
        if copy.ring is not None and served in copy.ring:
            return f"{copy.place} holds it: {_REFRESH}" if not copy.recorded else _REFRESH
    return (
        "if another place holds it, name that in `backups`; if it is somebody else's key, "
        "`pulumi up --refresh` shows that as drift and publishes yours again"
    )


def _of_private_keys(copy: Copy, ring: KeyRing, survey: Survey, wrong: Level) -> Check:
    """All of them: an endpoint that can't open one doesn't start."""
    openings = [(key, survey.open(key)) for key in ring.keys]
    failed = [(key, opening) for key, opening in openings if opening.trouble is not None]
    if not failed:
        return Check("private_keys", copy.place, Level.OK, _all_open([opening for _, opening in openings]))
    key, opening = max(failed, key=lambda each: each[1].known)
    if opening.service is not None:
        level, about = (wrong, "can't be decrypted") if opening.known else (Level.UNKNOWN, "may not be decrypted")
        found = f"forms that are encrypted with key {short(key.fingerprint)} {about}: {opening.trouble}"
        return Check("private_keys", copy.place, level, found)
    if not opening.known:
        found = f"the private keys are encrypted, and {opening.trouble}"
        return Check("private_keys", copy.place, Level.UNKNOWN, found, "set it as the endpoint has it (`endpoint_env`)")
    found = f"an endpoint that starts now fails: {opening.trouble}"
    return Check(
        "private_keys", copy.place, wrong, found, "compare WHATSAPP_FLOW_PASSPHRASE with the stack's `endpoint_env`"
    )


def _all_open(openings: Sequence[Opened]) -> str:
    services = list(dict.fromkeys(opening.service for opening in openings if opening.service))
    held = f"in use at {', '.join(services)}"
    if all(opening.service for opening in openings):
        return f"every private key is {held}"
    encrypted = ", with the passphrase" if any(opening.encrypted for opening in openings) else ", not encrypted"
    return f"every private key opens{encrypted}{f', or is {held}' if services else ''}"


def _of_round_trip(copy: Copy, key: RingKey, survey: Survey, wrong: Level) -> Iterator[Check]:
    """``key`` is the one that Meta serves. Where it doesn't open, another check says so."""
    assert survey.served is not None
    assert survey.served.public_key_pem is not None
    private_key = survey.open(key).private_key
    if private_key is None:
        return
    if is_round_trip(load_public_key(survey.served.public_key_pem), private_key):
        yield Check("round_trip", copy.place, Level.OK, "opens a form that is encrypted with the key that Meta serves")
    else:
        found = "does not open a form that is encrypted with the key that Meta serves"
        yield Check("round_trip", copy.place, wrong, found, "give a new rotation_trigger and run `pulumi up`")


def _of_rotation(survey: Survey) -> Iterator[Check]:
    copy, served = survey.in_use, survey.served_fingerprint
    if copy is None or (copy.recorded and served not in (copy.ring or ())):
        return
    assert copy.ring is not None
    roles = copy.roles(served, survey.at)
    waiting = [key for key in copy.ring.keys if roles[key.fingerprint] is Role.PENDING and key.fingerprint != served]
    if not waiting:
        yield Check("pending", "rotation", Level.OK, "no key is waiting to be published")
        return
    key = waiting[0]
    found = f"key {short(key.fingerprint)}, issued on {key.issued_on}, is waiting to be published"
    if _waits_long(key, survey):
        yield Check("pending", "rotation", Level.WARNING, f"{found}: a rotation was not finished", _UP)
    else:
        yield Check("pending", "rotation", Level.OK, f"{found}; if no `pulumi up` is running, run it")


def _waits_long(key: RingKey, survey: Survey) -> bool:
    if key.offered_at is not None:
        return not may_come_to_be_served([key], survey.at)
    return survey.at.date() - date.fromisoformat(key.issued_on) >= _LONGEST_PENDING


def _of_endpoint(endpoint: LiveEndpoint, served: ServedKey | None) -> Check:
    place = endpoint.shown
    if served is None or served.public_key_pem is None:
        found = "was not asked, since what Meta serves is not known"
        return Check("endpoint", place, Level.UNKNOWN, found, follows=True)
    try:
        load_public_key(served.public_key_pem)
    except InputError:
        return Check("endpoint", place, Level.UNKNOWN, "was not asked, since Meta serves a key that is not RSA")
    refused = endpoint.ping(served.public_key_pem)
    if refused is None:
        return Check("endpoint", place, Level.OK, "answers a ping that is encrypted with the key that Meta serves")
    wants_signature = refused.status == 432 and endpoint.app_secret is None
    return Check("endpoint", place, Level.UNKNOWN if wants_signature else Level.CRITICAL, refused.said)

"""Verification: what each check is about, how bad it is and what to do, by what a survey found."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.pairs import new, old, pair
from tests.passphrases import strong
from tests.servers.flow_endpoint import FlowEndpoint
from whatsapp_flow_keys.flow_protocol.live_endpoint import LiveEndpoint
from whatsapp_flow_keys.keys import PrivateKey
from whatsapp_flow_keys.lifecycle.survey import Copy, Held, Survey, Trouble
from whatsapp_flow_keys.lifecycle.verification import Check, Level, verify
from whatsapp_flow_keys.registrars.registrar import ServedKey
from whatsapp_flow_keys.ring import KeyRing, RingKey, Role

NUMBER, ANOTHER_NUMBER = "106540352242922", "110200345501442"
NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
STORE, BACKUP = "file:///ring.json", "vault://backup"
SEALED = "-----BEGIN ENCRYPTED PRIVATE KEY-----\n"
PASSPHRASE = strong("correct horse battery staple")
REFRESH = "run `pulumi up --refresh`"
NOT_ASKED = Trouble("was not asked: nobody gave a token", "set one")
NO_RING = Trouble("there is no key ring")
SOFT_DELETED = Trouble("its document was soft-deleted", "bring it back")


def entry(key: PrivateKey, role: Role, pem: str = SEALED) -> RingKey:
    """A key of the ring; without a PEM one that nobody has the passphrase of, which costs no time."""
    return RingKey(key.fingerprint, role, "2026-11-24", NOON, pem)


def ring(*keys: RingKey, number: str = NUMBER, revision: int = 6) -> KeyRing:
    return KeyRing(number, "acme/flows/prod", "owner-1", revision, keys or (entry(old(), Role.CURRENT),))


def copy(place: str, held: KeyRing | Trouble | Held) -> Copy:
    if isinstance(held, KeyRing):
        return Copy(place, Held.RING, held)
    if isinstance(held, Trouble):
        return Copy(place, Held.NOTHING, trouble=held)
    return Copy(place, held, trouble=Trouble("is down"))


def served(key: PrivateKey, status: str | None = "VALID") -> ServedKey:
    return ServedKey(key.public_key_pem, key.fingerprint, status)


def surveyed(*held: KeyRing | Trouble | Held, meta: ServedKey | None = None, words: tuple[str, ...] = ()) -> Survey:
    """What a store holds, and its backup; ``Held.UNKNOWN`` is a place that is down."""
    copies = tuple(copy(place, each) for place, each in zip((STORE, BACKUP), held, strict=False))
    return Survey(copies, meta, None if meta else NOT_ASKED, NOON, words)


def own(found: Survey) -> Survey:
    """The first place is the stack's own ring."""
    first, *others = found.copies
    return replace(found, copies=(replace(first, recorded=True), *others))


def checks(found: Survey, name: str, place: str, endpoint: LiveEndpoint | None = None) -> list[Check]:
    """The checks of this name about this place."""
    return [check for check in verify(found, endpoint).checks if (check.name, check.place) == (name, place)]


def check(found: Survey, name: str, place: str, endpoint: LiveEndpoint | None = None) -> tuple[Level, str, str]:
    """How bad the one check of this name about this place is, what it found, and what to do."""
    (only,) = checks(found, name, place, endpoint)
    return only.level, only.found, only.do


def test_the_levels_are_the_exit_statuses_of_monitoring_plugins() -> None:
    assert {level.name: int(level) for level in Level} == {"OK": 0, "WARNING": 1, "CRITICAL": 2, "UNKNOWN": 3}


def test_why_meta_was_not_asked_is_what_is_not_known_of_it() -> None:
    found = surveyed(ring())
    assert check(found, "served", "Meta") == (Level.UNKNOWN, NOT_ASKED.found, NOT_ASKED.do)
    assert checks(found, "role", STORE) == checks(found, "round_trip", STORE) == []


def test_a_number_without_a_key_is_critical_and_has_no_signature() -> None:
    found = surveyed(ring(), meta=ServedKey(signature_status="MISMATCH"))
    assert check(found, "served", "Meta") == (Level.CRITICAL, "serves no public key: no form can be sent", REFRESH)
    assert checks(found, "signature", "Meta") == []


@pytest.mark.parametrize(
    ("status", "level", "said"),
    [
        ("VALID", Level.OK, "signature status VALID"),
        ("MISMATCH", Level.CRITICAL, "signature status MISMATCH, not VALID: "),
        (None, Level.CRITICAL, "signature status none, not VALID: "),
    ],
)
def test_what_meta_serves_is_said_and_whether_it_is_signed(status: str | None, level: Level, said: str) -> None:
    found = surveyed(ring(), meta=served(old(), status))
    assert check(found, "served", "Meta") == (Level.OK, f"serves key {old().fingerprint}", "")
    signature, told, _ = check(found, "signature", "Meta")
    assert (signature, told.startswith(said)) == (level, True)


@pytest.mark.parametrize(
    ("held", "do"),
    [(NO_RING, f"check the URL; if it is right: {REFRESH}"), (SOFT_DELETED, SOFT_DELETED.do), (Held.UNKNOWN, "")],
    ids=["no ring", "soft-deleted", "down"],
)
def test_a_place_without_a_ring_beside_one_that_holds_it_is_a_warning(held: Trouble | Held, do: str) -> None:
    said = held.found if isinstance(held, Trouble) else "is down"
    assert check(surveyed(ring(), held), "ring", BACKUP) == (Level.WARNING, said, do)
    assert check(surveyed(held, ring()), "ring", STORE) == (Level.WARNING, said, do)


def test_where_no_place_holds_a_ring_that_is_critical_and_what_is_down_is_not_known() -> None:
    found = surveyed(NO_RING, Held.UNKNOWN)
    level, said, do = check(found, "ring", STORE)
    assert (level, said) == (Level.CRITICAL, NO_RING.found)
    assert "restore the document from a backup" in do
    assert check(found, "ring", BACKUP) == (Level.UNKNOWN, "is down", "")
    assert checks(found, "pending", "rotation") == []


def test_an_empty_place_behind_one_that_is_down_is_a_warning_since_that_one_may_hold_the_ring() -> None:
    found = surveyed(Held.UNKNOWN, NO_RING)
    assert check(found, "ring", STORE) == (Level.UNKNOWN, "is down", "")
    assert check(found, "ring", BACKUP)[:2] == (Level.WARNING, NO_RING.found)


def test_a_backup_with_another_numbers_ring_is_a_warning_about_the_ring_there() -> None:
    assert check(surveyed(ring(), ring(number=ANOTHER_NUMBER)), "ring", BACKUP) == (
        Level.WARNING,
        f"holds the key ring of phone number {ANOTHER_NUMBER}, not of {NUMBER}",
        "give each number a place of its own",
    )


def test_a_ring_is_told_with_the_number_of_its_keys_and_one_that_lags_is_a_warning() -> None:
    found = surveyed(ring(entry(new(), Role.CURRENT), entry(old(), Role.PREVIOUS), revision=9), ring(revision=6))
    assert check(found, "ring", STORE) == (Level.OK, "key ring with 2 keys, revision 9", "")
    assert check(found, "ring", BACKUP) == (
        Level.WARNING,
        f"revision 6 is behind revision 9 of {STORE}",
        REFRESH,
    )
    assert check(surveyed(ring()), "ring", STORE) == (Level.OK, "key ring with 1 key, revision 6", "")


def test_what_meta_serves_is_the_current_key_everywhere_or_a_rotation_was_not_finished() -> None:
    finished, unfinished = (
        ring(entry(new(), Role.CURRENT)),
        ring(entry(old(), Role.CURRENT), entry(new(), Role.PENDING)),
    )
    found = surveyed(finished, unfinished, meta=served(new()))
    assert check(found, "role", STORE) == (Level.OK, "what Meta serves is the current key", "")
    assert check(found, "role", BACKUP) == (
        Level.WARNING,
        "what Meta serves is the pending key here, not the current one: a rotation was not finished",
        REFRESH,
    )


def test_in_the_stacks_own_ring_what_meta_serves_is_the_current_key_though_it_was_recorded_as_pending() -> None:
    """The stack writes its ring before it publishes, and not after."""
    found = own(surveyed(ring(entry(old(), Role.CURRENT), entry(new(), Role.PENDING)), meta=served(new())))
    assert check(found, "role", STORE)[0] is Level.OK


def test_a_place_that_lacks_what_meta_serves_is_critical_where_an_endpoint_reads_it() -> None:
    lacks = f"does not hold the private key of what Meta serves, {new().fingerprint}"
    holds = ring(entry(new(), Role.CURRENT))
    assert check(surveyed(holds, ring(), meta=served(new())), "role", BACKUP)[:2] == (Level.WARNING, lacks)
    assert check(surveyed(ring(), holds, meta=served(new())), "role", STORE)[:2] == (Level.CRITICAL, lacks)


def test_a_key_that_another_place_holds_is_regained_from_there() -> None:
    holds = ring(entry(new(), Role.CURRENT))
    found = surveyed(ring(), holds, meta=served(new()))
    assert check(found, "role", STORE)[2] == f"{BACKUP} holds it: {REFRESH}"
    assert check(own(surveyed(holds, ring(), meta=served(new()))), "role", BACKUP)[2] == REFRESH


@pytest.mark.parametrize("other", [ring, lambda: NO_RING], ids=["lacks it, too", "holds nothing"])
def test_a_key_that_no_place_holds_may_be_in_a_place_that_was_not_named(
    other: Callable[[], KeyRing | Trouble],
) -> None:
    found = surveyed(ring(), other(), meta=served(new()))
    assert check(found, "role", STORE)[2].startswith("if another place holds it, name that in `backups`")


@pytest.mark.parametrize(
    ("passphrase", "said"),
    [(None, "every private key opens, not encrypted"), (PASSPHRASE, "every private key opens, with the passphrase")],
    ids=["in the clear", "one encrypted"],
)
def test_private_keys_that_open_are_told_with_what_opens_them(passphrase: str | None, said: str) -> None:
    keys = (entry(new(), Role.CURRENT, new().to_pem(passphrase)), entry(old(), Role.PREVIOUS, old().to_pem()))
    assert check(surveyed(ring(*keys), words=(PASSPHRASE,)), "private_keys", STORE) == (Level.OK, said, "")


def test_without_the_passphrase_it_is_not_known_whether_the_private_keys_open() -> None:
    assert check(surveyed(ring()), "private_keys", STORE) == (
        Level.UNKNOWN,
        "the private keys are encrypted, and WHATSAPP_FLOW_PASSPHRASE is not set",
        "set it as the endpoint has it (`endpoint_env`)",
    )


def test_one_private_key_that_does_not_open_is_critical_where_an_endpoint_reads_it() -> None:
    """Such an endpoint does not start."""
    keys = ring(entry(new(), Role.CURRENT, new().to_pem()), entry(old(), Role.PREVIOUS, old().to_pem(PASSPHRASE)))
    found = surveyed(keys, keys, words=("wrong",))
    for place, level in ((STORE, Level.CRITICAL), (BACKUP, Level.WARNING)):
        found_level, said, do = check(found, "private_keys", place)
        assert (found_level, said.startswith("an endpoint that starts now fails: ")) == (level, True)
        assert do == "compare WHATSAPP_FLOW_PASSPHRASE with the stack's `endpoint_env`"


def test_a_form_that_is_encrypted_with_what_meta_serves_is_opened_with_every_copy() -> None:
    whole = ring(entry(new(), Role.CURRENT, new().to_pem()))
    for place in (STORE, BACKUP):
        assert check(surveyed(whole, whole, meta=served(new())), "round_trip", place) == (
            Level.OK,
            "opens a form that is encrypted with the key that Meta serves",
            "",
        )


def test_a_copy_that_does_not_open_such_a_form_is_critical_where_an_endpoint_reads_it() -> None:
    whole = ring(entry(new(), Role.CURRENT, new().to_pem()))
    found = surveyed(whole, whole, meta=replace(served(new()), public_key_pem=old().public_key_pem))
    for place, level in ((STORE, Level.CRITICAL), (BACKUP, Level.WARNING)):
        assert check(found, "round_trip", place) == (
            level,
            "does not open a form that is encrypted with the key that Meta serves",
            "give a new rotation_trigger and run `pulumi up`",
        )


def test_no_form_is_tried_with_a_private_key_that_does_not_open() -> None:
    assert checks(surveyed(ring(), meta=served(old())), "round_trip", STORE) == []


def test_no_key_waits_once_meta_serves_the_newest() -> None:
    nothing = (Level.OK, "no key is waiting to be published", "")
    both = ring(entry(old(), Role.CURRENT), entry(new(), Role.PENDING))
    assert check(surveyed(ring()), "pending", "rotation") == nothing
    assert check(surveyed(both, meta=served(new())), "pending", "rotation") == nothing


def test_whether_a_key_of_the_stacks_own_ring_waits_is_known_only_if_meta_serves_one_of_its_keys() -> None:
    both = ring(entry(old(), Role.CURRENT), entry(new(), Role.PENDING))
    assert checks(own(surveyed(both)), "pending", "rotation") == []
    assert checks(own(surveyed(both, meta=served(pair("of somebody else")))), "pending", "rotation") == []
    assert len(checks(own(surveyed(both, meta=served(old()))), "pending", "rotation")) == 1
    assert len(checks(surveyed(both), "pending", "rotation")) == 1


@pytest.mark.parametrize(
    ("offered", "issued_on", "level"),
    [
        (timedelta(minutes=59), "2026-01-01", Level.OK),
        (timedelta(minutes=60), "2026-11-24", Level.WARNING),
        (None, "2026-11-23", Level.OK),
        (None, "2026-11-22", Level.WARNING),
    ],
    ids=["offered 59 minutes ago", "offered an hour ago", "issued yesterday", "issued two days ago"],
)
def test_a_key_that_waits_is_named_by_its_first_twelve_digits_and_is_a_warning_once_it_waits_long(
    offered: timedelta | None, issued_on: str, level: Level
) -> None:
    waiting = replace(
        entry(new(), Role.PENDING), issued_on=issued_on, offered_at=None if offered is None else NOON - offered
    )
    found, said, do = check(surveyed(ring(entry(old(), Role.CURRENT), waiting)), "pending", "rotation")
    key = f"key {new().fingerprint[:12]}, issued on {issued_on}, is waiting to be published"
    if level is Level.OK:
        assert (found, said, do) == (level, f"{key}; if no `pulumi up` is running, run it", "")
    else:
        assert (found, said, do) == (level, f"{key}: a rotation was not finished", "run `pulumi up`")


@pytest.mark.parametrize(
    ("meta", "said"),
    [
        (None, "was not asked, since what Meta serves is not known"),
        (ServedKey(), "was not asked, since what Meta serves is not known"),
        (
            ServedKey(
                ec.generate_private_key(ec.SECP256R1())
                .public_key()
                .public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
                .decode(),
                "e" * 64,
                "VALID",
            ),
            "was not asked, since Meta serves a key that is not RSA",
        ),
    ],
    ids=["Meta not asked", "no key", "not RSA"],
)
def test_an_endpoint_is_asked_only_with_the_key_that_meta_serves(meta: ServedKey | None, said: str) -> None:
    with FlowEndpoint(lambda: [old()]) as running:
        endpoint = LiveEndpoint(running.url)
        assert check(surveyed(ring(), meta=meta), "endpoint", endpoint.shown, endpoint) == (Level.UNKNOWN, said, "")
        assert running.requests == []


def test_an_endpoint_is_as_bad_as_its_answer_and_not_known_where_it_wants_a_signature() -> None:
    found = surveyed(ring(), meta=served(old()))
    with FlowEndpoint(lambda: [old()]) as whole, FlowEndpoint(lambda: [new()]) as another:
        for running, level in ((whole, Level.OK), (another, Level.CRITICAL)):
            endpoint = LiveEndpoint(running.url)
            assert check(found, "endpoint", endpoint.shown, endpoint)[0] is level
    with FlowEndpoint(lambda: [old()], app_secret="secretOfTheAppForTestsOnly") as signed:
        for secret, level in ((None, Level.UNKNOWN), ("another", Level.CRITICAL)):
            endpoint = LiveEndpoint(signed.url, secret)
            assert check(found, "endpoint", endpoint.shown, endpoint)[0] is level


def test_the_verdict_is_that_of_the_gravest_check() -> None:
    whole = ring(entry(old(), Role.CURRENT, old().to_pem()))
    assert verify(surveyed(whole, meta=served(old()))).level is Level.OK
    warned = verify(surveyed(whole, NO_RING, meta=served(old())))
    assert (warned.level, warned.gravest.place) == (Level.WARNING, BACKUP)
    unknown = verify(surveyed(whole, NO_RING))
    assert (unknown.level, unknown.gravest.place) == (Level.UNKNOWN, "Meta")
    failing = verify(surveyed(NO_RING))
    assert (failing.level, failing.gravest.place) == (Level.CRITICAL, STORE)

"""What each resource's diff makes of a change: another resource, the same one updated, or nothing."""

from datetime import UTC, datetime
from typing import Any

import pytest
from pulumi.dynamic import DiffResult
from pulumi.output import Unknown

from tests.contract.conftest import TestClock
from whatsapp_flow_keys.dynamic.encryption_key import EncryptionKeyProvider
from whatsapp_flow_keys.dynamic.key_registration import KeyRegistrationProvider
from whatsapp_flow_keys.dynamic.key_ring import KeyRingProvider
from whatsapp_flow_keys.dynamic.provider import FlowKeysProvider
from whatsapp_flow_keys.dynamic.stored_key_ring import StoredKeyRingProvider
from whatsapp_flow_keys.keys import PrivateKey
from whatsapp_flow_keys.resources.properties import KeyState
from whatsapp_flow_keys.resources.run import Run
from whatsapp_flow_keys.resources.schema import Props

NUMBER, OTHER_NUMBER = "106540352242922", "110200345501442"
FILE, BACKUP = "file:///var/lib/flows/ring.json", "file:///mnt/backup/ring.json"
KEY = "a" * 64

COMMON: Props = {
    "phone_number_id": NUMBER,
    "managed_by": "acme/flows/prod",
    "store": FILE,
    "backups": [BACKUP],
    "passphrase": "words",
    "__provider": "pickled",
}
ENCRYPTION_KEY: Props = {
    **COMMON,
    "passphrase_is_generated": True,
    "rotate_after_days": 90,
    "rotation_trigger": "once",
    "issued_on": "2026-11-24",
    "force_destroy": False,
    "fingerprint": KEY,
    "locations": [FILE, BACKUP],
}
STORED_RING: Props = {
    **COMMON,
    "key_id": "key-1",
    "passphrase_is_generated": True,
    "force_destroy": False,
    "locations": [FILE, BACKUP],
}
RING: Props = {
    "phone_number_id": NUMBER,
    "managed_by": "acme/flows/prod",
    "backups": [BACKUP],
    "__provider": "pickled",
    "fingerprint": KEY,
    "key_id": "key-1",
    "force_destroy": False,
    "locations": [BACKUP],
    "private_key": "sha256:1",
    "issued_on": "2026-11-24",
}
REGISTRATION: Props = {
    **COMMON,
    "key_id": "key-1",
    "fingerprint": KEY,
    "proven_fingerprint": KEY,
    "locations": [FILE, BACKUP],
    "former_passphrases": [],
}
KINDS: dict[type[FlowKeysProvider], Props] = {
    EncryptionKeyProvider: ENCRYPTION_KEY,
    StoredKeyRingProvider: STORED_RING,
    KeyRingProvider: RING,
    KeyRegistrationProvider: REGISTRATION,
}
UPDATED: dict[type[FlowKeysProvider], tuple[str, ...]] = {
    EncryptionKeyProvider: (
        *("store", "backups", "passphrase", "passphrase_is_generated", "force_destroy", "managed_by"),
        *("rotate_after_days", "__provider"),
    ),
    StoredKeyRingProvider: (
        *("key_id", "store", "backups", "locations", "passphrase", "passphrase_is_generated", "force_destroy"),
        *("managed_by", "__provider"),
    ),
    KeyRingProvider: ("fingerprint", "key_id", "backups", "force_destroy", "managed_by", "__provider"),
    KeyRegistrationProvider: (
        *("fingerprint", "key_id", "store", "backups", "locations", "passphrase", "former_passphrases", "managed_by"),
        *("ring", "__provider"),
    ),
}
"""The properties whose change is recorded, or acted on, without another resource."""


def diff(kind: type[FlowKeysProvider], olds: Props, news: Props, run: Run | None = None) -> DiffResult:
    provider = kind()
    provider._run = run or Run(TestClock(datetime(2026, 11, 24, tzinfo=UTC)), voice=lambda said: None)
    return provider.diff("id-1", olds, news)


def run(shown: list[str]) -> Run:
    return Run(TestClock(datetime(2026, 11, 24, tzinfo=UTC)), voice=shown.append)


def another(value: Any) -> Any:
    if isinstance(value, bool) or value is None:
        return not value
    if isinstance(value, int):
        return value + 1
    return [*value, "file:///mnt/new/ring.json"] if isinstance(value, list) else f"{value}0"


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_inputs_are_no_change(kind: type[FlowKeysProvider]) -> None:
    found = diff(kind, KINDS[kind], KINDS[kind])
    assert (found.changes, found.replaces) == (False, [])


@pytest.mark.parametrize(("kind", "name"), [(kind, name) for kind, names in UPDATED.items() for name in names])
def test_a_change_that_needs_no_other_resource_is_an_update(kind: type[FlowKeysProvider], name: str) -> None:
    olds = KINDS[kind]
    found = diff(kind, olds, {**olds, name: another(olds.get(name))})
    assert (found.changes, found.replaces) == (True, [])


@pytest.mark.parametrize("name", ["rotation_trigger", "issued_on", "phone_number_id"])
def test_a_key_is_replaced_by_what_asks_for_another(name: str) -> None:
    changed = {"rotation_trigger": "twice", "issued_on": "2027-02-22", "phone_number_id": OTHER_NUMBER}
    found = diff(EncryptionKeyProvider, ENCRYPTION_KEY, {**ENCRYPTION_KEY, name: changed[name]})
    assert (found.changes, found.replaces) == (True, [name])


@pytest.mark.parametrize("kind", [StoredKeyRingProvider, KeyRingProvider, KeyRegistrationProvider])
def test_another_number_is_another_resource(kind: type[FlowKeysProvider]) -> None:
    found = diff(kind, KINDS[kind], {**KINDS[kind], "phone_number_id": OTHER_NUMBER})
    assert (found.changes, found.replaces) == (True, ["phone_number_id"])


def test_a_trigger_that_is_taken_out_of_the_program_asks_for_no_rotation() -> None:
    news = {name: value for name, value in ENCRYPTION_KEY.items() if name != "rotation_trigger"}
    assert diff(EncryptionKeyProvider, ENCRYPTION_KEY, news).changes is False


@pytest.mark.parametrize("kind", [EncryptionKeyProvider, KeyRingProvider])
def test_a_state_that_records_no_locations_is_updated(kind: type[FlowKeysProvider]) -> None:
    olds = {name: value for name, value in KINDS[kind].items() if name != "locations"}
    found = diff(kind, olds, KINDS[kind])
    assert (found.changes, found.replaces) == (True, [])


@pytest.mark.parametrize("goes_first", [{"passphrase": "new"}, {"store": BACKUP}], ids=["a passphrase", "a move"])
@pytest.mark.parametrize("asked", [{"rotation_trigger": "twice"}, {"issued_on": "2027-02-22"}], ids=["asked", "due"])
def test_a_new_passphrase_and_a_move_go_first_and_a_rotation_waits(goes_first: Props, asked: Props) -> None:
    found = diff(EncryptionKeyProvider, ENCRYPTION_KEY, {**ENCRYPTION_KEY, **goes_first, **asked})
    assert (found.changes, found.replaces) == (True, [])


def test_another_number_waits_for_nothing() -> None:
    news = {**ENCRYPTION_KEY, "phone_number_id": OTHER_NUMBER, "passphrase": "new", "store": BACKUP}
    assert diff(EncryptionKeyProvider, ENCRYPTION_KEY, news).replaces == ["phone_number_id"]


def test_a_store_that_a_preview_does_not_know_yet_is_no_move() -> None:
    unknown = Unknown()  # type: ignore[no-untyped-call]  # the SDK types no constructor
    news = {**ENCRYPTION_KEY, "store": unknown, "rotation_trigger": "twice"}
    assert diff(EncryptionKeyProvider, ENCRYPTION_KEY, news).replaces == ["rotation_trigger"]


def test_another_given_key_replaces_the_recorded_one_and_the_same_one_does_not() -> None:
    given = PrivateKey.generate()
    news = {**ENCRYPTION_KEY, "existing_private_key": given.to_pem()}
    assert diff(EncryptionKeyProvider, ENCRYPTION_KEY, news).replaces == ["existing_private_key"]
    adopted = {**ENCRYPTION_KEY, "fingerprint": given.fingerprint}
    assert diff(EncryptionKeyProvider, adopted, {**news, "fingerprint": given.fingerprint}).changes is False


@pytest.mark.parametrize("proven", [None, "b" * 64])
def test_a_key_that_is_not_proven_is_registered(proven: str | None) -> None:
    found = diff(KeyRegistrationProvider, {**REGISTRATION, "proven_fingerprint": proven}, REGISTRATION)
    assert (found.changes, found.replaces) == (True, [])


REQUIRED: dict[type[FlowKeysProvider], tuple[str, ...]] = {
    EncryptionKeyProvider: ("phone_number_id", "managed_by", "store"),
    StoredKeyRingProvider: ("phone_number_id", "managed_by", "store", "key_id", "locations"),
    KeyRingProvider: ("phone_number_id", "managed_by", "key_id", "fingerprint", "private_key", "issued_on"),
    KeyRegistrationProvider: ("phone_number_id", "managed_by", "store", "key_id", "fingerprint"),
}
SECRET: dict[type[FlowKeysProvider], set[str]] = {
    EncryptionKeyProvider: {
        *("private_key", "passphrase", "former_passphrases", "existing_private_key", "existing_passphrase"),
    },
    StoredKeyRingProvider: {"passphrase"},
    KeyRingProvider: {"ring", "private_key"},
    KeyRegistrationProvider: {"ring", "passphrase", "former_passphrases"},
}


@pytest.mark.parametrize(("kind", "name"), [(kind, name) for kind, names in REQUIRED.items() for name in names])
def test_an_input_that_every_program_gives_is_missed(kind: type[FlowKeysProvider], name: str) -> None:
    news = {**KINDS[kind], "passphrase_is_generated": None}
    assert kind.rules.inputs.from_props(news).missing() == ()
    assert kind.rules.inputs.from_props({**news, name: None}).missing() == (name,)


@pytest.mark.parametrize("kind", KINDS)
def test_backups_are_missed_only_where_other_resources_should_have_given_them(kind: type[FlowKeysProvider]) -> None:
    """The engine leaves out what a failed resource should have given: that is not a program without backups."""
    news = {**KINDS[kind], "passphrase_is_generated": None, "backups": None}
    assert kind.rules.inputs.from_props(news).missing() == ()
    assert kind.rules.inputs.from_props({**news, "has_backups": True}).missing() == ("backups",)


@pytest.mark.parametrize("kind", KINDS)
def test_a_state_with_the_defaults_of_older_versions_does_not_change(kind: type[FlowKeysProvider]) -> None:
    older = {**KINDS[kind], "backups": [], "force_destroy": False, "former_passphrases": []}
    newer = {name: value for name, value in older.items() if value not in ([], False)}
    assert diff(kind, older, newer).changes is False


@pytest.mark.parametrize("kind", SECRET)
def test_what_is_secret_is_marked_whatever_the_program_says(kind: type[FlowKeysProvider]) -> None:
    assert set(kind.rules.state.names("secret")) == SECRET[kind]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"issued_on": "2027-02-22"}, "rotation, due: the key of 2026-11-24 has had its 90 days"),
        ({"rotate_after_days": 10}, "rotate_after_days will be recorded"),
    ],
)
def test_a_diff_says_why_the_recorded_key_changes(changes: Props, said: str) -> None:
    shown: list[str] = []
    diff(EncryptionKeyProvider, ENCRYPTION_KEY, {**ENCRYPTION_KEY, **changes, "fingerprint": None}, run(shown))
    (line,) = shown
    assert said in line
    assert f"key {KEY[:12]}" in line


def test_a_diff_without_a_change_says_that_the_recorded_key_has_a_date_to_come() -> None:
    shown: list[str] = []
    ahead = {"issued_on": "2027-11-24"}
    diff(
        EncryptionKeyProvider, {**ENCRYPTION_KEY, **ahead}, {**ENCRYPTION_KEY, **ahead, "fingerprint": None}, run(shown)
    )
    (line,) = shown
    assert f"key {KEY[:12]} is dated 2027-11-24" in line


def test_a_diff_notes_the_live_key_for_what_comes_after_it() -> None:
    run = Run(voice=lambda said: None)
    run.keys.expect(NUMBER)
    diff(EncryptionKeyProvider, ENCRYPTION_KEY, ENCRYPTION_KEY, run)
    assert run.keys.live(NUMBER) == KeyState.from_props(ENCRYPTION_KEY)


@pytest.mark.parametrize("kind", [EncryptionKeyProvider, StoredKeyRingProvider, KeyRingProvider])
def test_a_refresh_leaves_what_is_recorded_of_a_resource_that_has_no_drift_of_its_own(
    kind: type[FlowKeysProvider],
) -> None:
    recorded = {"phone_number_id": NUMBER, "managed_by": "acme/flows/prod", "backups": [BACKUP], "locations": []}
    found = kind().read("id-1", recorded)
    assert (found.id, found.outs, found.inputs) == ("id-1", recorded, None)

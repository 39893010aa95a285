"""The line that a preview shows beside a change: what the properties alone don't tell."""

from collections.abc import Sequence
from datetime import date

import pytest

from whatsapp_flow_keys.resources import reasons
from whatsapp_flow_keys.resources.properties import KeyInputs, KeyState, RegistrationInputs, RegistrationState
from whatsapp_flow_keys.resources.schema import UNKNOWN, Props

NUMBER, OTHER_NUMBER = "106540352242922", "110200345501442"
FILE, BACKUP, NEW = "file:///ring.json", "file:///backup.json", "file:///new.json"
KEY, SHORT = "ab" * 32, "abababababab"
FOREIGN = "cd" * 32
OLDS: Props = {
    "phone_number_id": NUMBER,
    "fingerprint": KEY,
    "store": FILE,
    "backups": [BACKUP],
    "issued_on": "2026-08-26",
    "rotate_after_days": 90,
}
PROVEN: Props = {"phone_number_id": NUMBER, "fingerprint": KEY, "proven_fingerprint": KEY}


def why_key_changes(olds: Props, news: Props, *changes: Sequence[str]) -> str | None:
    return reasons.why_key_changes(KeyState.from_props(olds), KeyInputs.from_props(news), *changes)


def when_rotation_falls_due(olds: Props, news: Props, today: date) -> str | None:
    return reasons.when_rotation_falls_due(KeyState.from_props(olds), KeyInputs.from_props(news), today)


def why_registration_changes(olds: Props, news: Props, *, is_new: bool = False) -> str | None:
    state, inputs = RegistrationState.from_props(olds), RegistrationInputs.from_props(news)
    return reasons.why_registration_changes(state, inputs, is_new=is_new)


def of_key(
    news: Props, replaces: tuple[str, ...] = (), updates: tuple[str, ...] = (), waiting: tuple[str, ...] = ()
) -> str | None:
    return why_key_changes(OLDS, {**OLDS, **news}, replaces, updates, waiting)


def test_another_number_is_named_first() -> None:
    said = of_key({"phone_number_id": OTHER_NUMBER}, ("rotation_trigger", "phone_number_id"))
    assert said is not None
    assert said.startswith(f"phone number {NUMBER}: the program now names '{OTHER_NUMBER}' instead")


def test_a_number_that_a_preview_does_not_know_is_said_to_be_known_later() -> None:
    said = of_key({"phone_number_id": UNKNOWN}, ("phone_number_id",))
    assert said is not None
    assert "the program now names a value that is known later instead" in said


def test_an_adoption_names_the_key_that_it_takes_the_place_of() -> None:
    said = of_key({}, ("rotation_trigger", "existing_private_key"))
    assert said == (
        f"phone number {NUMBER}: the key given as existing_private_key will take the place of key {SHORT}. The row "
        f"`delete original` deletes no key"
    )


def test_a_rotation_says_who_asked_for_it() -> None:
    said = of_key({"rotation_trigger": "once"}, ("rotation_trigger", "issued_on"))
    assert said is not None
    assert said.startswith(f"phone number {NUMBER}: rotation, asked for by a new rotation_trigger. A new key ")
    assert f"will take the place of key {SHORT}. " in said


def test_the_row_that_deletes_the_original_is_explained() -> None:
    said = of_key({"rotation_trigger": "once"}, ("rotation_trigger",))
    assert said is not None
    assert said.endswith(". The row `delete original` deletes no key")


@pytest.mark.parametrize(("days", "shown"), [(90, "90"), (90.0, "90"), (None, "0")])
def test_a_rotation_that_is_due_says_since_when(days: object, shown: str) -> None:
    said = of_key({"rotate_after_days": days}, ("issued_on",))
    assert said is not None
    assert f"rotation, due: the key of 2026-08-26 has had its {shown} days. A new key will take the place" in said


@pytest.mark.parametrize(
    ("news", "updates", "shown"),
    [
        ({"store": NEW}, ("store",), f"its keys will move from {FILE} to {NEW}"),
        ({"backups": [BACKUP, NEW]}, ("backups",), f"every key will be copied to {NEW}"),
        ({"backups": []}, ("backups",), f"{BACKUP} will no longer be kept up to date"),
        (
            {"backups": [NEW]},
            ("backups",),
            f"every key will be copied to {NEW}; {BACKUP} will no longer be kept up to date",
        ),
        ({"store": BACKUP, "backups": []}, ("store", "backups"), f"its keys will move from {FILE} to {BACKUP}"),
        ({"store": BACKUP, "backups": [FILE]}, ("store", "backups"), f"its keys will move from {FILE} to {BACKUP}"),
        ({}, ("passphrase",), "the passphrase goes away: its keys will lie in the store in the clear"),
        (
            {"passphrase": "the words of a person"},
            ("passphrase",),
            "its keys will be encrypted with the new passphrase where `deploy=` hands it to the endpoint, otherwise by "
            "the next rotation",
        ),
        ({}, ("managed_by", "force_destroy"), "force_destroy will be recorded; managed_by will be recorded"),
        ({}, ("rotate_after_days",), "rotate_after_days will be recorded"),
        ({}, ("passphrase_is_generated",), "passphrase_is_generated will be recorded"),
    ],
)
def test_an_update_says_what_becomes_of_the_keys(news: Props, updates: tuple[str, ...], shown: str) -> None:
    assert of_key(news, updates=updates) == f"phone number {NUMBER}: key {SHORT} stays; {shown}"


def test_a_move_out_of_the_stack_is_said_in_words() -> None:
    said = why_key_changes({**OLDS, "store": "stack"}, OLDS, (), ("store",), ())
    assert said == f"phone number {NUMBER}: key {SHORT} stays; its keys will move from the stack to {FILE}"


@pytest.mark.parametrize("waiting", [("rotation_trigger",), ("existing_private_key",)])
def test_what_waits_for_the_next_up_is_named(waiting: tuple[str, ...]) -> None:
    said = of_key({"passphrase": "the words of a person"}, updates=("passphrase",), waiting=waiting)
    assert said is not None
    what = "adoption" if "existing_private_key" in waiting else "rotation"
    assert said.endswith(f"next rotation. The {what} will wait for the next `pulumi up`")


@pytest.mark.parametrize("news", [{}, {"store": UNKNOWN}, {"backups": UNKNOWN}], ids=["same", "store", "backups"])
def test_what_a_preview_does_not_know_and_what_no_person_sees_is_not_explained(news: Props) -> None:
    assert of_key(news, updates=("__provider", "backups" if "backups" in news else "locations")) is None


@pytest.mark.parametrize(
    ("today", "shown"),
    [
        (date(2026, 11, 9), None),
        (date(2026, 11, 10), "in 14 days, on 2026-11-24"),
        (date(2026, 11, 22), "in 2 days, on 2026-11-24"),
        (date(2026, 11, 23), "in 1 day, on 2026-11-24"),
        (date(2026, 11, 24), None),
    ],
)
def test_a_rotation_that_is_near_is_announced_two_weeks_before(today: date, shown: str | None) -> None:
    said = when_rotation_falls_due(OLDS, {**OLDS, "rotate_after_days": 90.0}, today)
    if shown is None:
        assert said is None
    else:
        assert said is not None
        assert said.startswith(f"phone number {NUMBER}: a rotation falls due {shown};")


@pytest.mark.parametrize(
    ("olds", "news"), [({}, {"rotate_after_days": 90}), (OLDS, {}), (OLDS, {"rotate_after_days": UNKNOWN})]
)
def test_no_rotation_is_announced_where_none_is_planned(olds: Props, news: Props) -> None:
    assert when_rotation_falls_due(olds, news, date(2026, 11, 20)) is None


@pytest.mark.parametrize(
    ("olds", "shown"),
    [
        ({"foreign_fingerprint": FOREIGN, "proven_fingerprint": None}, f"Meta serves key {FOREIGN[:12]}, which is not"),
        (
            {"proven_fingerprint": FOREIGN},
            f"key {SHORT} was staged by an earlier run. It will be published in place of key cdcdcdcd",
        ),
        ({"signature_status": "MISMATCH"}, "Meta says MISMATCH"),
        ({"key_ring": "file:///ring.json: lacks it", "signature_status": "VALID"}, "file:///ring.json: lacks it. "),
        ({"proven_fingerprint": None, "key_ring": "current in every store"}, f"key {SHORT} is not proven at Meta yet"),
    ],
)
def test_a_registration_says_what_it_found(olds: Props, shown: str) -> None:
    said = why_registration_changes({**PROVEN, **olds}, PROVEN)
    assert said is not None
    assert said.startswith(f"phone number {NUMBER}: ")
    assert shown in said


def test_a_key_that_this_run_has_made_needs_no_reason_for_not_being_published_yet() -> None:
    """An `up` compares its new key with what was proven before; the words of a rotation that failed would be untrue."""
    assert why_registration_changes({**PROVEN, "proven_fingerprint": FOREIGN}, PROVEN, is_new=True) is None
    assert why_registration_changes({**PROVEN, "proven_fingerprint": None}, PROVEN, is_new=True) is None
    drift = {**PROVEN, "foreign_fingerprint": FOREIGN, "proven_fingerprint": None}
    assert "which is not in this key ring" in str(why_registration_changes(drift, PROVEN, is_new=True))


def test_a_key_whose_private_half_no_store_holds_is_nobody_elses_and_not_said_to_be_published() -> None:
    lost = {**PROVEN, "foreign_fingerprint": PROVEN["fingerprint"], "proven_fingerprint": None}
    said = str(why_registration_changes(lost, PROVEN))
    assert f"Meta serves key {SHORT}, but no store that this stack knows held its private key" in said
    assert "somebody else" not in said
    assert "published over" not in said


@pytest.mark.parametrize("is_new", [True, False])
def test_a_new_key_in_place_of_a_lost_one_is_published_over_nobody_elses(is_new: bool) -> None:
    lost = {**PROVEN, "foreign_fingerprint": PROVEN["fingerprint"], "proven_fingerprint": None}
    said = why_registration_changes(lost, {**PROVEN, "fingerprint": FOREIGN}, is_new=is_new)
    if is_new:  # in the `up` that has made it, which ends by saying that it is live
        assert said is None
    else:
        assert f"Meta serves key {SHORT}, whose private key no store held at the last refresh. Key " in str(said)
        assert "somebody else" not in str(said)


def test_a_registration_of_what_is_proven_says_nothing() -> None:
    in_place = {**PROVEN, "signature_status": "VALID", "key_ring": "current in every store"}
    assert why_registration_changes(in_place, PROVEN) is None


@pytest.mark.parametrize("news", [{"fingerprint": UNKNOWN}, {"phone_number_id": OTHER_NUMBER}], ids=["key", "number"])
def test_a_registration_says_nothing_of_a_key_that_is_not_known_or_of_another_number(news: Props) -> None:
    assert why_registration_changes({**PROVEN, "proven_fingerprint": FOREIGN}, {**PROVEN, **news}) is None


def test_a_state_that_records_no_backups_had_none() -> None:
    olds = {name: value for name, value in OLDS.items() if name != "backups"}
    said = why_key_changes(olds, OLDS, (), ("backups",), ())
    assert said == f"phone number {NUMBER}: key {SHORT} stays; every key will be copied to {BACKUP}"
    assert why_key_changes(olds, {**OLDS, "backups": []}, (), ("backups",), ()) is None


def test_a_registration_says_that_meta_has_no_key_any_more() -> None:
    said = why_registration_changes({**PROVEN, "foreign_fingerprint": "none", "proven_fingerprint": None}, PROVEN)
    assert said is not None
    assert said.startswith(f"phone number {NUMBER}: Meta serves no key. Key {SHORT} ")

"""The lines that a preview gives as the reason of a change."""

from whatsapp_flow_keys.dynamic.reasons import why_key_changes

NUMBER = "106540352242922"
FINGERPRINT = "c0ffee" * 10 + "0123"
KEY = {
    "phone_number_id": NUMBER,
    "fingerprint": FINGERPRINT,
    "issued_on": "2026-08-25",
    "store": "stack",
    "backups": [],
}


def test_a_rotation_that_is_asked_for_says_so_without_the_trigger_which_may_be_a_secret() -> None:
    olds, news = {**KEY, "rotation_trigger": "hunter2"}, {**KEY, "rotation_trigger": "hunter3"}
    assert why_key_changes(olds, news, ["rotation_trigger"], [], []) == (
        f"phone number {NUMBER}: rotation, asked for by a new rotation_trigger. Key c0ffeec0ffee goes on opening forms"
    )

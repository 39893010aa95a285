"""The reference stack's list of numbers, read from its configuration."""

import json
from typing import Any

import pulumi
import pytest

from tests.component.mocked_engine import Look, Seen, run
from whatsapp_flow_encryption import GeneratedPassphrase, read_numbers

NUMBER, OTHER = "106540352242922", "110200345501442"
FINGERPRINT = "0123456789abcdef" * 4
ENTRY = {"name": "line", "phoneNumberId": NUMBER}
SETTINGS = {"north:accessToken": "EAAmadeUp", "flows:linePassphrase": "correct horse", "flows:lineKey": "the key"}
SECRETS = [*SETTINGS]


def read(*entries: Any, secrets: tuple[str, ...] = (), trigger: str | None = None) -> list[Any]:
    """The numbers that the program gets; ``entries`` is the list, or what stands in its place."""
    found: list[Any] = []
    config = {**SETTINGS, "flows:numbers": json.dumps(list(entries))}
    run(lambda: found.extend(read_numbers(pulumi.Config(), trigger)), config=config, secrets=[*SECRETS, *secrets])
    return found


def mistakes(*entries: Any, secrets: tuple[str, ...] = ()) -> list[str]:
    """The lines of the error, without the first one."""
    with pytest.raises(pulumi.RunError) as caught:
        read(*entries, secrets=secrets)
    head, *lines = str(caught.value).splitlines()
    assert head == "The configuration has mistakes:"
    return lines


def test_a_number_alone_is_named_by_its_id_and_kept_in_the_stack() -> None:
    (number,) = read({"phoneNumberId": NUMBER})
    assert (number.name, number.phone_number_id, number.store, number.backups) == (NUMBER, NUMBER, "stack", [])
    left_out = {name: value for name, value in vars(number).items() if value is None}
    assert set(left_out) == {
        *("account", "passphrase", "rotate_after_days", "rotation_trigger", "existing_private_key"),
        *("custody", "existing_passphrase", "take_over", "endpoint_url", "endpoint_wait"),
    }
    assert number.force_destroy is False


def test_every_field_reaches_the_program() -> None:
    (number,) = read(
        {
            **ENTRY,
            "account": "north",
            "store": "file:ring.json",
            "backups": ["file:/srv/backup.json"],
            "custody": "vaulttransit://vault.example.com/flows-",
            "passphrase": "generated",
            "rotateAfterDays": 90,
            "rotationTrigger": "one",
            "takeOver": FINGERPRINT.upper(),
            "forceDestroy": True,
            "endpointUrl": "https://flows.example.com/support",
            "endpointWait": 7.5,
        }
    )
    assert number.name == "line"
    assert number.account == "north"
    assert number.store == "file:ring.json"
    assert number.backups == ["file:/srv/backup.json"]
    assert number.custody == "vaulttransit://vault.example.com/flows-"
    assert number.passphrase == GeneratedPassphrase()
    assert number.rotate_after_days == 90
    assert number.rotation_trigger == "one"
    assert number.take_over == FINGERPRINT
    assert number.force_destroy is True
    assert number.endpoint_url == "https://flows.example.com/support"
    assert number.endpoint_wait == 7.5


def test_a_secret_is_named_by_its_setting_and_stays_one() -> None:
    look = Look()
    entry = {**ENTRY, "passphrase": "linePassphrase", "existingPrivateKey": "lineKey", "existingPassphrase": "lineKey"}

    def program() -> None:
        (number,) = read_numbers(pulumi.Config())
        look.at(passphrase=number.passphrase, key=number.existing_private_key, its=number.existing_passphrase)

    run(program, config={**SETTINGS, "flows:numbers": json.dumps([entry])}, secrets=SECRETS)
    assert look["passphrase"] == Seen("correct horse", True)
    assert look["key"] == look["its"] == Seen("the key", True)


def test_the_trigger_of_the_environment_is_for_numbers_that_have_none() -> None:
    first, second = read({**ENTRY, "rotationTrigger": "own"}, {"phoneNumberId": OTHER}, trigger="everybody's")
    assert (first.rotation_trigger, second.rotation_trigger) == ("own", "everybody's")


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"phoneNumberId": 106540352242922.0}, "numbers[0].phoneNumberId: got a number; write the phone number ID as"),
        ({"phoneNumberId": 1.2345678901234568e16}, "numbers[0].phoneNumberId: got a number"),
        ({"phoneNumberId": None}, "numbers[0].phoneNumberId: a phone number ID is a string of digits, not nothing"),
        ({"name": " "}, "numbers[0].name: must be a string"),
        (
            {"stroe": "stack"},
            "numbers[0].stroe: is not known; known are name, phoneNumberId, account, registrar, store,",
        ),
        ({"name": 7}, "numbers[0].name: must be a string"),
        ({"account": "north:"}, "numbers[0].account: must be the namespace of its settings"),
        ({"account": ""}, "numbers[0].account: must be the namespace of its settings"),
        ({"account": 7}, "numbers[0].account: must be the namespace of its settings"),
        ({"account": "no blanks"}, "numbers[0].account: must be the namespace of its settings"),
        ({"account": "south"}, "numbers[0].account: south:accessToken: is missing"),
        ({"store": "ftp://x"}, "numbers[0].store: 'ftp://x' is not a store"),
        ({"backups": "file:x"}, "numbers[0].backups: must be a list of store URLs"),
        ({"backups": ["file:x", "ftp://x"]}, "numbers[0].backups[1]: 'ftp://x' is not a store"),
        ({"passphrase": "correct horse"}, "numbers[0].passphrase: must be `generated`, or the name of a setting"),
        ({"existingPrivateKey": "no such"}, "numbers[0].existingPrivateKey: must be the name of a setting that holds"),
        ({"rotateAfterDays": "90"}, "numbers[0].rotateAfterDays: must be a whole number of days"),
        ({"rotateAfterDays": True}, "numbers[0].rotateAfterDays: must be a whole number of days"),
        ({"takeOver": "abc"}, "numbers[0].takeOver: a fingerprint has 64 hexadecimal digits"),
        ({"forceDestroy": "yes"}, "numbers[0].forceDestroy: must be true or false"),
        ({"endpointUrl": "http://flows.example.com/"}, "numbers[0].endpointUrl: must start with https://"),
        ({"endpointWait": "7"}, "numbers[0].endpointWait: must be a number of seconds"),
    ],
)
def test_a_mistake_is_one_line_that_names_the_field(wrong: dict[str, Any], said: str) -> None:
    (line,) = mistakes({**ENTRY, **wrong})
    assert line.startswith(said)


def test_all_mistakes_are_shown_together() -> None:
    first, second = mistakes({**ENTRY, "store": "ftp://x"}, {"name": "other", "phoneNumberId": "x"})
    assert first.startswith("numbers[0].store: ")
    assert second.startswith("numbers[1].phoneNumberId: ")


@pytest.mark.parametrize(
    ("second", "field"), [({"name": "line", "phoneNumberId": OTHER}, "name line"), ({"name": "b"}, "phoneNumberId")]
)
def test_no_name_and_no_number_is_taken_twice(second: dict[str, Any], field: str) -> None:
    (line,) = mistakes(ENTRY, {"phoneNumberId": NUMBER, **second})
    assert line.startswith(f"numbers: {field}")


@pytest.mark.parametrize("numbers", [None, "[]", "{}", "7", "not JSON"])
def test_a_list_that_is_not_there_is_asked_for(numbers: str | None) -> None:
    config = {} if numbers is None else {"flows:numbers": numbers}
    with pytest.raises(pulumi.RunError, match="flows:numbers: must be a list of phone numbers; begin with"):
        run(lambda: read_numbers(pulumi.Config()), config=config)


def test_a_secret_within_the_list_is_refused_since_the_program_would_take_it_for_plain_text() -> None:
    (line,) = mistakes({**ENTRY, "rotationTrigger": "hunter2"}, secrets=("flows:numbers",))
    assert line.startswith("flows:numbers: holds a secret, but errors and the state show this list in plain text. ")
    assert "hunter2" not in line

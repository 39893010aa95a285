"""What a person of a YAML program sees of a mistake: one sentence, with the names that the program has."""

from typing import Any

import pytest

from tests.stack.native.program import declare, install_plugin, write
from tests.stack.project import Project
from whatsapp_flow_keys.native.version import VERSION

MISTAKES: dict[str, tuple[dict[str, Any], str]] = {
    "a typo": ({"rotationTriger": "one"}, "rotationTriger"),
    "an invalid number": ({"phone_number_id": "+49 30 1234"}, "phoneNumberId: "),
    "an invalid store": ({"store": "vault:/flows"}, "store: 'vault:/flows' is not a store"),
    "half a day": ({"rotate_after_days": 0.5}, "rotateAfterDays: must be a whole number of days"),
    "a passphrase for the stack": ({"passphrase": "the words of a person"}, "passphrase: adds nothing"),
    "two passphrases": (
        {"passphrase": "words", "generate_passphrase": True},
        "either passphrase or generatePassphrase",
    ),
    "a length for none": ({"passphrase_length": 50}, "passphraseLength: has no use without generatePassphrase"),
    "a short length": ({"generate_passphrase": True, "passphrase_length": 8}, "length: must be a whole number"),
    "a wait for nothing": ({"endpoint_wait": 5}, "endpointWait: has no use without endpointUrl"),
    "no PEM": ({"existing_private_key": "words"}, "existingPrivateKey"),
    "an invalid fingerprint": ({"take_over": "abc"}, "takeOver"),
}


@pytest.mark.parametrize(("given", "said"), MISTAKES.values(), ids=MISTAKES.keys())
def test_a_mistake_is_said_in_the_preview(project: Project, given: dict[str, Any], said: str) -> None:
    declare(project, given)
    printed = project.fail("preview")
    assert said in printed
    assert "_" not in said
    assert "exited prematurely" not in printed


def test_a_number_in_yaml_is_taken_for_the_text_that_it_is(project: Project) -> None:
    declare(project, {"phone_number_id": int(project.number), "rotation_trigger": 2})
    project.up()
    (key,) = project.resources("EncryptionKey")
    assert (key["outputs"]["phoneNumberId"], key["outputs"]["rotationTrigger"]) == (project.number, "2")


def test_two_of_one_number_are_refused(project: Project) -> None:
    declare(project, {"name": "line"}, {"name": "other"})
    printed = project.fail("preview")
    assert f"has {project.number} already" in printed


def test_a_property_of_a_resource_that_there_is_not_is_named(project: Project) -> None:
    install_plugin(project)
    wrong = {"phoneNumberId": project.number, "managedBy": "o/p/s", "store": "stack", "rotation": "one"}
    key = {"type": "whatsapp:flows:EncryptionKey", "properties": wrong, "options": {"version": VERSION}}
    write(project, {"key": key}, {})
    assert "rotation" in project.fail("preview")


def test_a_failure_at_meta_names_the_number_and_leaves_what_was_served(project: Project) -> None:
    declare(project)
    project.up()
    first = project.served()
    declare(project, {"rotation_trigger": "two"})
    failed = project.failing_up(env={"WHATSAPP_ACCESS_TOKEN": "EAAunknown"})
    assert f"AccessTokenError: Meta refused to read the public key of phone number {project.number}. " in failed
    assert project.opens_a_form(), "the previous outputs stay"
    assert project.served() == first
    project.up()
    assert project.served() == project.fingerprint() != first

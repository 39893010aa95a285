"""What a stack exports of its numbers when one of them failed, and when none did."""

from typing import Any

import pulumi
from pulumi.output import UNKNOWN

from tests.component.mocked_engine import Look, Seen, run
from whatsapp_flow_encryption import all_but_failed, unless_failed


def known() -> pulumi.Output[str]:
    return pulumi.Output.from_input("known")


def secret() -> pulumi.Output[str]:
    return pulumi.Output.secret("hunter2")


def failed() -> pulumi.Output[Any]:
    """What the engine gives for an output of a resource that failed."""
    return pulumi.Output.from_input(UNKNOWN)


def looked_at(**outputs: Any) -> Look:
    """What is exported, each made within the program."""
    look = Look()
    run(lambda: look.at(**{name: make() for name, make in outputs.items()}))
    return look


def test_a_value_is_exported_and_one_that_comes_of_a_failure_is_not() -> None:
    look = looked_at(known=lambda: unless_failed(known()), failed=lambda: unless_failed(failed()))
    assert look["known"] == Seen("known", False)
    assert look["failed"].value is None


def test_of_many_only_those_that_come_of_a_failure_are_left_out() -> None:
    look = looked_at(all=lambda: all_but_failed({"one": known(), "two": failed(), "three": known()}))
    assert look["all"] == Seen({"one": "known", "three": "known"}, False)


def test_a_secret_stays_one() -> None:
    look = looked_at(
        one=lambda: unless_failed(secret()), many=lambda: all_but_failed({"secret": secret(), "failed": failed()})
    )
    assert look["one"] == Seen("hunter2", True)
    assert look["many"] == Seen({"secret": "hunter2"}, True)


def test_a_preview_shows_what_is_not_known_yet_as_that() -> None:
    def program() -> None:
        outputs = {"one": failed()}
        assert unless_failed(outputs["one"]) is outputs["one"]
        assert all_but_failed(outputs) is outputs

    run(program, preview=True)

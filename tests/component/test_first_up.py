"""What a preview says of a number that is new to the stack: Meta is asked by `pulumi up` only."""

from collections.abc import Iterator
from typing import Any

import pytest
from pulumi.runtime.mocks import MockResourceArgs

from tests.component.mocked_engine import REGISTRATION, run
from whatsapp_flow_encryption import FlowEncryption, first_up
from whatsapp_flow_encryption.testing import FlowKeyMocks

NUMBER, OTHER_NUMBER = "106540352242922", "110200345501442"
ASKS = "A preview can't ask Meta whether a new number already has a key"


class Planning(FlowKeyMocks):
    """As the engine in a preview: what is new has no id yet."""

    def new_resource(self, args: MockResourceArgs) -> Any:
        id_, outputs = super().new_resource(args)
        return None if args.typ == REGISTRATION else id_, outputs


@pytest.fixture(autouse=True)
def nothing_is_told_yet() -> Iterator[None]:
    first_up._told.clear()
    yield
    first_up._told.clear()


def shown(capsys: pytest.CaptureFixture[str], program: Any, mocks: FlowKeyMocks, *, preview: bool = True) -> int:
    """How often the program says it."""
    run(program, mocks, preview=preview)
    return capsys.readouterr().out.count(ASKS)


def declare() -> None:
    FlowEncryption("line", phone_number_id=NUMBER)


def test_a_preview_of_a_new_number_says_that_up_asks_meta(capsys: pytest.CaptureFixture[str]) -> None:
    assert shown(capsys, declare, Planning()) == 1


def test_many_new_numbers_say_it_once(capsys: pytest.CaptureFixture[str]) -> None:
    def both() -> None:
        declare()
        FlowEncryption("other", phone_number_id=OTHER_NUMBER)

    assert shown(capsys, both, Planning()) == 1


def test_a_number_that_is_registered_says_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    assert shown(capsys, declare, FlowKeyMocks()) == 0


def test_an_up_says_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    assert shown(capsys, declare, Planning(), preview=False) == 0


def test_an_adoption_says_nothing_since_it_expects_a_key(capsys: pytest.CaptureFixture[str]) -> None:
    def adopt() -> None:
        FlowEncryption("line", phone_number_id=NUMBER, existing_private_key="a PEM")

    assert shown(capsys, adopt, Planning()) == 0

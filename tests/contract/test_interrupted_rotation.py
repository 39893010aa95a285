"""A rotation that was interrupted and takes effect late: what Meta serves is current before anything else is done."""

import pytest

from tests.contract.conftest import LOCKED, Line
from whatsapp_flow_keys.errors import FlowKeysError
from whatsapp_flow_keys.keys import PrivateKey
from whatsapp_flow_keys.ring import Role


def three_keys_of_which_meta_serves_the_second(line: Line) -> tuple[str, str, str]:
    """The first is current; the second was offered in vain, or so it seemed; the third is staged when it arrives."""
    first, second = line.rotate(), line.stage()
    line.fault("error", code=LOCKED, method="POST")
    with pytest.raises(FlowKeysError):
        line.register(second)
    line.emulator.clear_faults()
    third = line.stage()
    key = line.ring().key(second)
    assert key is not None
    late = PrivateKey.from_pem(key.private_key_pem, field="the ring")
    line.emulator.set_key(line.number, late.public_key_pem)
    return first, second, third


def test_a_publication_that_took_effect_late_is_finished_before_the_next_one(line: Line) -> None:
    first, second, third = three_keys_of_which_meta_serves_the_second(line)
    line.register(third)
    assert line.roles() == {third: Role.CURRENT, second: Role.PREVIOUS, first: Role.RETAINED}


def test_a_publication_that_took_effect_late_is_finished_though_the_next_one_fails(line: Line) -> None:
    first, second, third = three_keys_of_which_meta_serves_the_second(line)
    line.fault("error", code=LOCKED, method="POST")
    with pytest.raises(FlowKeysError):
        line.register(third)
    assert line.roles() == {second: Role.CURRENT, third: Role.PENDING, first: Role.PREVIOUS}

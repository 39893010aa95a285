"""What every registrar does with a number, whichever it is: the lifecycle rests on it."""

import pytest

from tests.contract.conftest import TestClock
from tests.contract.registrars.conftest import BUSY, FAULT, LASTING, Side
from tests.pairs import pair
from whatsapp_flow_keys.registrars.errors import NumberGoneError, RegistrarError, UnconfirmedError, WrongClockError
from whatsapp_flow_keys.registrars.registrar import Registrar, ServedKey
from whatsapp_graph_emulator import Emulator


@pytest.fixture
def registrar(side: Side) -> Registrar:
    return side.connect(30.0)


def asked(emulator: Emulator, number: str) -> int:
    return len(emulator.requests(number))


def test_a_key_that_is_published_is_read_back(registrar: Registrar, number: str) -> None:
    registrar.publish(number, pair().public_key_pem)
    assert registrar.served(number) == ServedKey(pair().public_key_pem, pair().fingerprint, "VALID")


def test_a_key_that_one_registrar_published_the_other_serves(sides: dict[str, Side], number: str) -> None:
    meta, aws = (sides[name].connect(30.0) for name in ("meta", "aws"))
    aws.publish(number, pair().public_key_pem)
    assert meta.served(number) == aws.served(number)
    meta.publish(number, pair(1).public_key_pem)
    assert aws.served(number).fingerprint == pair(1).fingerprint


def test_publishing_the_same_key_twice_does_no_harm(registrar: Registrar, emulator: Emulator, number: str) -> None:
    registrar.publish(number, pair().public_key_pem)
    registrar.publish(number, pair().public_key_pem)
    assert emulator.served(number)[1:] == (pair().fingerprint, "VALID")


@pytest.mark.parametrize("no_key", ["blank", "absent", "empty"])
def test_a_number_without_a_key_serves_nothing(
    registrar: Registrar, emulator: Emulator, number: str, no_key: str
) -> None:
    emulator.add_number(number, no_key=no_key)
    found = registrar.served(number)
    assert (found.public_key_pem, found.fingerprint, found.is_valid) == (None, None, False)


def test_a_key_of_a_number_that_was_registered_anew_is_not_valid(
    registrar: Registrar, emulator: Emulator, number: str
) -> None:
    emulator.set_key(number, pair().public_key_pem)
    emulator.reregister(number)
    found = registrar.served(number)
    assert (found.fingerprint, found.signature_status) == (pair().fingerprint, "MISMATCH")


def test_each_answer_has_a_name_of_its_own_also_where_it_went_well(registrar: Registrar, number: str) -> None:
    published, read = registrar.publish(number, pair().public_key_pem), registrar.served(number).trace_id
    assert published
    assert read
    assert published != read


@pytest.mark.parametrize("what", [BUSY, FAULT])
def test_a_transient_error_is_waited_out(side: Side, emulator: Emulator, clock: TestClock, what: str) -> None:
    side.fails("error", what, times=3)
    side.connect(30.0).publish(side.number, pair().public_key_pem)
    assert asked(emulator, side.number) == 4
    assert clock.waited > 0


def test_a_lasting_transient_error_is_raised_after_eight_tries(side: Side, emulator: Emulator) -> None:
    side.fails("error", FAULT)
    with pytest.raises(RegistrarError):
        side.connect(3600.0).served(side.number)
    assert asked(emulator, side.number) == 8


def test_a_lasting_transient_error_is_raised_before_the_deadline(
    side: Side, emulator: Emulator, clock: TestClock
) -> None:
    side.fails("error", FAULT)
    with pytest.raises(RegistrarError):
        side.connect(3.0).served(side.number)
    assert clock.waited < 3
    assert asked(emulator, side.number) < 8


def test_a_refusal_is_final_and_had_no_effect(side: Side, emulator: Emulator, clock: TestClock) -> None:
    side.fails("error", LASTING)
    with pytest.raises(RegistrarError) as caught:
        side.connect(30.0).publish(side.number, pair().public_key_pem)
    assert not caught.value.may_have_taken_effect
    assert not isinstance(caught.value, NumberGoneError)
    assert (asked(emulator, side.number), clock.waited) == (1, 0.0)


def test_after_a_fault_a_publication_may_have_taken_effect(side: Side, emulator: Emulator) -> None:
    side.fails("error_after", FAULT)
    with pytest.raises(
        RegistrarError, match="it may have taken effect, and the next run reads whether it did"
    ) as found:
        side.connect(1.0).publish(side.number, pair().public_key_pem)
    assert found.value.may_have_taken_effect
    assert emulator.served(side.number)[1] == pair().fingerprint


@pytest.mark.parametrize("kind", ["lost_answer", "refuse"])
def test_a_publication_without_an_answer_is_unconfirmed(side: Side, emulator: Emulator, kind: str) -> None:
    emulator.fault(kind, phone_number_id=side.number, method="POST")
    with pytest.raises(UnconfirmedError) as caught:
        side.connect(1.0).publish(side.number, pair().public_key_pem)
    assert caught.value.may_have_taken_effect


def test_a_refusal_after_a_lost_answer_does_not_say_that_nothing_happened(side: Side, emulator: Emulator) -> None:
    """The first try took effect; the last one's error alone would deny it."""
    side.fails("error_after", FAULT, times=1)
    side.fails("error", LASTING)
    with pytest.raises(RegistrarError) as caught:
        side.connect(30.0).publish(side.number, pair().public_key_pem)
    assert caught.value.may_have_taken_effect
    assert asked(emulator, side.number) == 2


def test_a_question_without_an_answer_is_asked_again(side: Side, emulator: Emulator) -> None:
    emulator.fault("lost_answer", phone_number_id=side.number, times=2)
    assert side.connect(30.0).served(side.number).fingerprint is None
    assert asked(emulator, side.number) == 3


@pytest.mark.parametrize("seconds_ahead", [-7200, 7200])
def test_an_answer_of_another_time_is_not_used(side: Side, emulator: Emulator, seconds_ahead: int) -> None:
    emulator.fault("wrong_date", phone_number_id=side.number, seconds_ahead=seconds_ahead)
    with pytest.raises(WrongClockError, match="set this machine's clock, then run again"):
        side.connect(30.0).served(side.number)


def test_half_a_body_is_not_an_answer(side: Side, emulator: Emulator) -> None:
    emulator.set_key(side.number, pair().public_key_pem)
    emulator.fault("cut_body", phone_number_id=side.number)
    with pytest.raises(RegistrarError):
        side.connect(1.0).served(side.number)

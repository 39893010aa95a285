"""What the audit log tells of a publication or a proof that fails, or whose answer is lost."""

import pytest

from tests.contract.conftest import LOCKED, Line
from tests.contract.told import WHOLE, last
from whatsapp_flow_keys.audit import Operation
from whatsapp_flow_keys.errors import RegistrationError
from whatsapp_flow_keys.registrars.meta_graph.errors import AccountLockedError, AnswerLostError, ErrorAnswer, GraphError


def test_a_publication_that_failed_says_why_and_the_next_run_tells_the_rest(line: Line) -> None:
    key = line.stage()
    line.told.take()
    line.fault("error", code=LOCKED, method="POST")
    with pytest.raises(AccountLockedError) as failure:
        line.register(key)
    assert failure.value.answer is not None
    assert (last(line).reason, last(line).trace_id) == (str(failure.value), failure.value.answer.trace_id)
    assert last(line).trace_id
    assert line.told.take() == ["offered", "published failed"]
    line.emulator.clear_faults()
    line.register(key)
    assert line.told.take() == WHOLE[1:]


def test_an_answer_without_a_trace_id_is_told_without_one(line: Line) -> None:
    trail = line.claim().trail(line.told)
    with pytest.raises(GraphError), trail.step(Operation.PUBLISHED, "f" * 64):
        raise AccountLockedError("set the public key", ErrorAnswer(400, LOCKED))
    assert last(line).trace_id is None


def test_a_lost_answer_is_told_as_unknown_until_reading_decides(line: Line) -> None:
    key = line.stage()
    line.told.take()
    line.fault("lost_answer", method="POST", times=1)
    line.register(key)
    assert line.told.take() == ["offered", "published unknown", "verified", "promoted"]


def test_each_attempt_of_a_publication_that_never_shows_is_told_and_the_end_once(line: Line) -> None:
    line.rotate()
    key = line.stage()
    line.told.take()
    line.fault("no_effect", method="POST")
    with pytest.raises(RegistrationError):
        line.register(key)
    assert line.told.take() == ["offered", "published"] * 3 + ["verified failed"]


def test_a_publication_whose_answers_are_all_lost_is_told_as_unknown_each_time(line: Line) -> None:
    line.rotate()
    key = line.stage()
    line.told.take()
    line.fault("refuse", method="POST")
    with pytest.raises(AnswerLostError):
        line.register(key)
    assert line.told.take() == ["offered", "published unknown"] * 3


def test_a_proof_that_could_not_be_made_is_told_as_failed(line: Line) -> None:
    key = line.stage()
    line.told.take()
    line.fault("error", code=LOCKED, method="GET", after=1)
    with pytest.raises(AccountLockedError):
        line.register(key)
    assert line.told.take() == ["offered", "published", "verified failed"]

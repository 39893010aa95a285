"""Faults on demand, as a client of the emulator meets them."""

from __future__ import annotations

import http.client
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

import pytest
import requests

from tests.contract.emulator.conftest import BEARER, NUMBER
from whatsapp_graph_emulator import BadField, Emulator

OTHER_NUMBER = "106540352242923"


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    with Emulator(tokens=["token-of-the-test"], numbers=[NUMBER, OTHER_NUMBER]) as running:
        yield running


def edge(emulator: Emulator, number: str = NUMBER) -> str:
    return f"{emulator.url}/v26.0/{number}/whatsapp_business_encryption"


def get(emulator: Emulator, number: str = NUMBER) -> requests.Response:
    return requests.get(edge(emulator, number), headers=BEARER, timeout=10)


def post(emulator: Emulator, pem: str) -> requests.Response:
    return requests.post(edge(emulator), data={"business_public_key": pem}, headers=BEARER, timeout=10)


def raw(emulator: Emulator, method: str) -> tuple[int, int, bytes]:
    """Status, Content-Length, and the body as far as it comes."""
    connection = http.client.HTTPConnection(urlsplit(emulator.url).netloc, timeout=10)
    with closing(connection):
        connection.request(method, urlsplit(edge(emulator)).path, headers=BEARER)
        answer = connection.getresponse()
        announced = int(answer.headers["Content-Length"])
        try:
            return answer.status, announced, answer.read()
        except http.client.IncompleteRead as cut:
            return answer.status, announced, cut.partial


def wait_until(reached: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not reached():
        assert time.monotonic() < deadline, "not reached in time"
        time.sleep(0.01)


@pytest.mark.parametrize(
    ("code", "status", "kind", "transient"),
    [
        (2, 503, "GraphMethodException", True),
        (3, 500, "OAuthException", None),
        (4, 400, "OAuthException", True),
        (10, 403, "OAuthException", None),
        (190, 401, "OAuthException", None),
        (200, 403, "OAuthException", None),
        (368, 403, "OAuthException", None),
        (803, 404, "GraphMethodException", None),
        (80007, 400, "OAuthException", True),
        (131000, 500, "OAuthException", True),
        (131031, 403, "OAuthException", None),
    ],
)
def test_a_code_alone_asks_for_metas_documented_error(
    emulator: Emulator, code: int, status: int, kind: str, transient: bool | None
) -> None:
    emulator.fault("error", code=code)

    response = get(emulator)

    error = response.json()["error"]
    assert (response.status_code, error["code"], error["type"]) == (status, code, kind)
    assert error.get("is_transient") is transient


def test_131031_is_a_locked_account_and_not_a_bad_key(emulator: Emulator) -> None:
    emulator.fault("error", code=131031)

    assert get(emulator).json()["error"]["message"] == "(#131031) Account has been locked"


def test_every_part_of_an_error_can_be_chosen(emulator: Emulator) -> None:
    emulator.fault(
        "error",
        code=4,
        status=429,
        subcode=7,
        message="Slow down",
        type="Throttle",
        is_transient=False,
        retry_after=60,
        headers={"X-App-Usage": '{"call_count":100}'},
    )

    response = get(emulator)

    error = response.json()["error"]
    del error["fbtrace_id"]
    assert response.status_code == 429
    assert error == {"message": "Slow down", "type": "Throttle", "code": 4, "error_subcode": 7, "is_transient": False}
    assert response.headers["Retry-After"] == "60"
    assert response.headers["X-App-Usage"] == '{"call_count":100}'


def test_an_error_comes_before_any_effect(emulator: Emulator, pem: str) -> None:
    emulator.fault("error", code=131000)

    post(emulator, pem)

    assert emulator.served(NUMBER)[0] is None


def test_a_fault_happens_as_often_as_it_was_asked_for(emulator: Emulator) -> None:
    emulator.fault("error", code=2, times=2)

    assert [get(emulator).status_code for _ in range(4)] == [503, 503, 200, 200]


def test_a_fault_can_leave_the_first_requests_alone(emulator: Emulator) -> None:
    emulator.fault("error", code=2, after=1, times=1)

    assert [get(emulator).status_code for _ in range(3)] == [200, 503, 200]


def test_a_fault_of_one_number_does_not_meet_another(emulator: Emulator) -> None:
    emulator.fault("error", code=2, phone_number_id=OTHER_NUMBER)

    assert (get(emulator).status_code, get(emulator, OTHER_NUMBER).status_code) == (200, 503)


def test_a_fault_of_one_method_does_not_meet_another(emulator: Emulator, pem: str) -> None:
    emulator.fault("error", code=2, method="POST")

    assert (get(emulator).status_code, post(emulator, pem).status_code) == (200, 503)


def test_faults_that_were_asked_for_in_turn_happen_in_turn(emulator: Emulator) -> None:
    emulator.fault("error", code=2, times=1)
    emulator.fault("error", code=4, status=429, times=1)

    assert [get(emulator).status_code for _ in range(3)] == [503, 429, 200]


def test_cleared_faults_happen_no_more(emulator: Emulator) -> None:
    emulator.fault("error", code=2)

    emulator.clear_faults()

    assert get(emulator).status_code == 200


def test_a_delay_outlasts_a_client_that_waits_for_less(emulator: Emulator, pem: str) -> None:
    emulator.fault("delay", seconds=3600)

    with pytest.raises(requests.exceptions.ReadTimeout):
        requests.post(edge(emulator), data={"business_public_key": pem}, headers=BEARER, timeout=(10, 0.2))

    assert emulator.served(NUMBER)[0] is None


def test_a_delayed_request_goes_on(emulator: Emulator, pem: str) -> None:
    emulator.fault("delay", seconds=0.01)

    assert post(emulator, pem).status_code == 200
    assert emulator.served(NUMBER)[0] == pem


def test_a_delay_goes_on_to_the_next_fault(emulator: Emulator) -> None:
    emulator.fault("delay", seconds=0)
    emulator.fault("error", code=2)

    assert get(emulator).status_code == 503


def test_a_lost_answer_is_lost_after_the_commit(emulator: Emulator, pem: str) -> None:
    emulator.fault("lost_answer", method="POST", times=1)

    with pytest.raises(requests.exceptions.ConnectionError):
        post(emulator, pem)

    assert emulator.served(NUMBER)[0] == pem


def test_a_lost_answer_commits_nothing_that_meta_would_refuse(emulator: Emulator) -> None:
    emulator.fault("lost_answer")

    with pytest.raises(requests.exceptions.ConnectionError):
        post(emulator, "not a key")

    assert emulator.served(NUMBER)[0] is None


def test_a_refused_connection_has_no_effect(emulator: Emulator, pem: str) -> None:
    emulator.fault("refuse", times=1)

    with pytest.raises(requests.exceptions.ConnectionError):
        post(emulator, pem)

    assert emulator.served(NUMBER)[0] is None


def test_a_request_without_an_answer_is_remembered_without_a_status(emulator: Emulator) -> None:
    emulator.fault("refuse", times=1)

    with pytest.raises(requests.exceptions.ConnectionError):
        get(emulator)

    assert [entry["status"] for entry in emulator.requests()] == [None]


def test_a_late_commit_comes_after_the_connection_closed(emulator: Emulator, pem: str) -> None:
    emulator.fault("late_commit", seconds=0.2, times=1)

    with pytest.raises(requests.exceptions.ConnectionError):
        post(emulator, pem)

    wait_until(lambda: emulator.served(NUMBER)[0] == pem)


def test_a_late_commit_is_not_seen_before_its_time(emulator: Emulator, pem: str, other_pem: str) -> None:
    post(emulator, pem)
    emulator.fault("late_commit", seconds=3600, times=1)

    with pytest.raises(requests.exceptions.ConnectionError):
        post(emulator, other_pem)

    assert emulator.served(NUMBER)[0] == pem


def test_a_late_commit_overwrites_what_was_posted_meanwhile(emulator: Emulator, pem: str, other_pem: str) -> None:
    emulator.fault("late_commit", seconds=2, times=1)
    with pytest.raises(requests.exceptions.ConnectionError):
        post(emulator, other_pem)

    post(emulator, pem)

    wait_until(lambda: emulator.served(NUMBER)[0] == other_pem)


def test_a_late_commit_leaves_reads_alone(emulator: Emulator) -> None:
    emulator.fault("late_commit", seconds=3600)

    assert get(emulator).status_code == 200


def test_a_stale_read_answers_the_key_before_the_last_post(emulator: Emulator, pem: str, other_pem: str) -> None:
    post(emulator, pem)
    post(emulator, other_pem)

    emulator.fault("stale_read", seconds=3600)

    assert get(emulator).json()["data"][0]["business_public_key"] == pem


def test_a_stale_read_waits_for_a_post_to_be_stale_about(emulator: Emulator, pem: str) -> None:
    emulator.fault("stale_read", seconds=3600, times=1)
    get(emulator)

    post(emulator, pem)

    keys = [get(emulator).json()["data"][0]["business_public_key"] for _ in range(2)]
    assert keys == [" ", pem]


def test_a_stale_read_ends(emulator: Emulator, pem: str) -> None:
    emulator.fault("stale_read", seconds=0.3)
    post(emulator, pem)

    wait_until(lambda: get(emulator).json()["data"][0]["business_public_key"] == pem)


def test_a_fault_can_meet_each_second_request(emulator: Emulator) -> None:
    emulator.fault("error", code=2, after=1, every=2, times=2)

    assert [get(emulator).status_code for _ in range(7)] == [200, 503, 200, 503, 200, 200, 200]


def test_reads_can_flap_between_stale_and_fresh(emulator: Emulator, pem: str, other_pem: str) -> None:
    post(emulator, pem)
    post(emulator, other_pem)

    emulator.fault("stale_read", seconds=3600, every=2)

    keys = [get(emulator).json()["data"][0]["business_public_key"] for _ in range(4)]
    assert keys == [pem, other_pem, pem, other_pem]


def test_an_error_after_the_effect_is_answered_though_the_key_was_taken(emulator: Emulator, pem: str) -> None:
    emulator.fault("error_after", code=131000, times=1)

    response = post(emulator, pem)

    assert (response.status_code, response.json()["error"]["code"]) == (500, 131000)
    assert emulator.served(NUMBER)[0] == pem


def test_every_part_of_an_error_after_the_effect_can_be_chosen(emulator: Emulator, pem: str) -> None:
    emulator.fault("error_after", code=1, status=502, message="Bad gateway", retry_after=3)

    response = post(emulator, pem)

    assert (response.status_code, response.headers["Retry-After"]) == (502, "3")
    assert response.json()["error"]["message"] == "Bad gateway"


def test_an_error_after_the_effect_has_none_that_meta_would_refuse(emulator: Emulator) -> None:
    emulator.fault("error_after", code=2)

    assert post(emulator, "not a key").status_code == 503
    assert emulator.served(NUMBER)[0] is None


def test_an_error_after_the_effect_leaves_reads_alone(emulator: Emulator) -> None:
    emulator.fault("error_after", code=2)

    assert get(emulator).status_code == 200


def test_a_success_without_an_effect_leaves_the_key_that_was_served(
    emulator: Emulator, pem: str, other_pem: str
) -> None:
    post(emulator, pem)
    emulator.fault("no_effect", times=1)

    assert post(emulator, other_pem).json() == {"success": True}

    assert emulator.served(NUMBER)[0] == pem


def test_a_success_without_an_effect_is_no_answer_to_what_meta_would_refuse(emulator: Emulator) -> None:
    emulator.fault("no_effect")

    assert post(emulator, "not a key").status_code == 400


@pytest.mark.parametrize(
    ("shape", "no_key", "answer"),
    [
        ("array", "empty", {"data": []}),
        ("object", "empty", {"data": {}}),
        ("flat", "empty", {}),
        ("array", "absent", {"data": [{"business_public_key_signature_status": "MISMATCH"}]}),
        ("flat", "blank", {"business_public_key": " ", "business_public_key_signature_status": "MISMATCH"}),
    ],
)
def test_a_read_can_miss_the_key_that_is_served(
    emulator: Emulator, pem: str, shape: str, no_key: str, answer: object
) -> None:
    post(emulator, pem)

    emulator.fault("keyless_read", shape=shape, no_key=no_key)

    assert (get(emulator).status_code, get(emulator).json()) == (200, answer)
    assert emulator.served(NUMBER)[0] == pem


def test_a_read_that_misses_the_key_has_the_form_that_the_number_was_given(emulator: Emulator, pem: str) -> None:
    emulator.add_number(NUMBER, shape="object", no_key="absent")
    post(emulator, pem)

    emulator.fault("keyless_read")

    assert get(emulator).json() == {"data": {"business_public_key_signature_status": "MISMATCH"}}


def test_the_key_is_read_again_after_as_many_reads_without_it_as_were_asked_for(emulator: Emulator, pem: str) -> None:
    post(emulator, pem)

    emulator.fault("keyless_read", no_key="empty", times=2)

    assert [bool(get(emulator).json()["data"]) for _ in range(4)] == [False, False, True, True]


def test_a_read_that_misses_the_key_needs_a_token_all_the_same(emulator: Emulator) -> None:
    emulator.fault("keyless_read")

    assert requests.get(edge(emulator), timeout=10).status_code == 401


def test_a_body_that_is_cut_short_ends_before_its_length(emulator: Emulator, pem: str) -> None:
    post(emulator, pem)
    emulator.fault("cut_body", method="GET")

    status, announced, body = raw(emulator, "GET")

    assert (status, len(body)) == (200, announced // 2)
    assert body.startswith(b'{"data": [{"business_public_key"')


def test_a_client_that_counts_bytes_notices_that_a_body_is_cut_short(emulator: Emulator) -> None:
    emulator.fault("cut_body")

    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        get(emulator)


def test_a_post_whose_answer_is_cut_short_has_its_effect(emulator: Emulator, pem: str) -> None:
    emulator.fault("cut_body", method="POST")

    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        post(emulator, pem)

    assert emulator.served(NUMBER)[0] == pem


def test_a_body_that_drips_comes_whole_in_the_end(emulator: Emulator, pem: str) -> None:
    emulator.fault("drip", method="POST", seconds=0.05)
    emulator.fault("drip", method="GET", seconds=0.05)

    answer = post(emulator, pem)

    assert answer.json() == {"success": True}
    assert get(emulator).json()["data"][0]["business_public_key"] == pem


def test_the_first_byte_of_a_body_that_drips_comes_long_before_the_last_and_stopping_ends_it() -> None:
    with Emulator(tokens=["token-of-the-test"], numbers=[NUMBER]) as emulator:
        emulator.fault("drip", seconds=3600)
        response = requests.get(edge(emulator), headers=BEARER, timeout=10, stream=True)
        first = response.raw.read(1)

    with response, pytest.raises(requests.exceptions.ChunkedEncodingError):
        assert response.content
    assert (response.status_code, first) == (200, b"{")


@pytest.mark.parametrize("days", [-365, 0, 365])
def test_an_answer_can_bear_another_date(emulator: Emulator, pem: str, days: int) -> None:
    emulator.set_key(NUMBER, pem)
    emulator.fault("wrong_date", seconds_ahead=days * 86_400)

    response = get(emulator)

    off = parsedate_to_datetime(response.headers["Date"]) - datetime.now(UTC)
    assert abs(off - timedelta(days=days)) < timedelta(minutes=5)
    assert response.json()["data"][0]["business_public_key"] == pem


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"kind": "explosion"}, "kind"),
        ({"kind": "error_after"}, "code"),
        ({"kind": "error_after", "code": 4, "method": "GET"}, "method"),
        ({"kind": "no_effect", "method": "GET"}, "method"),
        ({"kind": "no_effect", "code": 4}, "code"),
        ({"kind": "keyless_read", "method": "POST"}, "method"),
        ({"kind": "keyless_read", "shape": "round"}, "shape"),
        ({"kind": "keyless_read", "no_key": "gone"}, "no_key"),
        ({"kind": "keyless_read", "seconds": 1}, "seconds"),
        ({"kind": "stale_read", "seconds": 1, "no_key": "blank"}, "no_key"),
        ({"kind": "cut_body", "seconds": 1}, "seconds"),
        ({"kind": "drip"}, "seconds"),
        ({"kind": "wrong_date"}, "seconds_ahead"),
        ({"kind": "wrong_date", "seconds_ahead": 1.5}, "seconds_ahead"),
        ({"kind": "refuse", "seconds_ahead": 1}, "seconds_ahead"),
        ({"kind": "refuse", "every": 0}, "every"),
        ({"kind": "error"}, "code"),
        ({"kind": "error", "code": "four"}, "code"),
        ({"kind": "error", "code": 4, "status": 200}, "status"),
        ({"kind": "error", "code": 4, "headers": {"X": "a\r\nb"}}, "headers"),
        ({"kind": "error", "code": 4, "seconds": 1}, "seconds"),
        ({"kind": "delay"}, "seconds"),
        ({"kind": "delay", "seconds": -1}, "seconds"),
        ({"kind": "refuse", "code": 4}, "code"),
        ({"kind": "refuse", "times": 0}, "times"),
        ({"kind": "refuse", "after": True}, "after"),
        ({"kind": "refuse", "method": "DELETE"}, "method"),
        ({"kind": "late_commit", "seconds": 1, "method": "GET"}, "method"),
        ({"kind": "refuse", "phone_number_id": 1065}, "phone_number_id"),
        ({"kind": "refuse", "often": 1}, "often"),
    ],
)
def test_a_fault_that_makes_no_sense_names_the_field(emulator: Emulator, body: dict[str, object], field: str) -> None:
    with pytest.raises(BadField) as refused:
        emulator.fault(**body)  # type: ignore[arg-type]

    assert refused.value.field == field

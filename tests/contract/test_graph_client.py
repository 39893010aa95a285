"""The client's calls against the emulator, over real HTTP: keys, proofs, retries, tokens, and what it never says."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from tests.contract.conftest import TestClock
from tests.pairs import pair
from tests.stack.project import ACCOUNT_TOKENS, TOKEN
from whatsapp_flow_keys.registrars.meta_graph.client import GraphClient
from whatsapp_flow_keys.registrars.meta_graph.errors import (
    AccessTokenError,
    AccountLockedError,
    AnswerLostError,
    AppSecretProofError,
    CapabilityError,
    ClockSkewError,
    GraphError,
    GraphVersionError,
    InvalidPublicKeyError,
    PermissionDeniedError,
    PhoneNumberDeletedError,
    PhoneNumberNotFoundError,
    PhoneNumberNotRegisteredError,
    RateLimitError,
    ServiceUnavailableError,
    UnknownFaultError,
    UnreachableError,
)
from whatsapp_flow_keys.registrars.meta_graph.settings import GraphSettings
from whatsapp_flow_keys.registrars.registrar import ServedKey
from whatsapp_graph_emulator import Emulator

UNKNOWN_TOKEN = "EAAnobodyKnowsThisOne"
APP_SECRET = "5ecretOfTheApp"


@pytest.fixture(autouse=True)
def _without_faults(emulator: Emulator) -> None:
    emulator.clear_faults()


@pytest.fixture
def clock() -> TestClock:
    return TestClock()


def client(emulator: Emulator, clock: TestClock, *tokens: str, deadline: float = 30.0) -> GraphClient:
    return GraphClient(GraphSettings(tokens or (TOKEN,), url=emulator.url, deadline=deadline), clock)


def asked(emulator: Emulator, number: str, method: str | None = None) -> int:
    return len(emulator.requests(number, method))


def test_a_key_that_is_set_is_read_back(emulator: Emulator, number: str, clock: TestClock) -> None:
    graph = client(emulator, clock)
    graph.publish(number, pair().public_key_pem)
    assert graph.served(number) == ServedKey(pair().public_key_pem, pair().fingerprint, "VALID")


@pytest.mark.parametrize(
    "call",
    [lambda graph, number: graph.served(number), lambda graph, number: graph.publish(number, pair().public_key_pem)],
    ids=["read", "publish"],
)
def test_an_error_calls_the_settings_by_the_names_that_the_account_has_for_them(
    emulator: Emulator, number: str, clock: TestClock, call: Callable[[GraphClient, str], object]
) -> None:
    graph = GraphClient(GraphSettings(("wrong",), url=emulator.url, account="north"), clock)
    with pytest.raises(AccessTokenError, match="pulumi config set --secret north:accessToken`, then run"):
        call(graph, number)


def test_metas_trace_id_is_told_of_what_went_well_too(emulator: Emulator, number: str, clock: TestClock) -> None:
    graph = client(emulator, clock)
    published, read = graph.publish(number, pair().public_key_pem), graph.served(number).trace_id
    assert published
    assert read
    assert published != read


def test_a_key_of_a_number_that_was_registered_anew_is_not_valid(
    emulator: Emulator, number: str, clock: TestClock
) -> None:
    emulator.set_key(number, pair().public_key_pem)
    emulator.reregister(number)
    found = client(emulator, clock).served(number)
    assert (found.fingerprint, found.is_valid) == (pair().fingerprint, False)


@pytest.mark.parametrize("shape", ["array", "object", "flat"])
def test_a_key_is_read_from_every_shape(emulator: Emulator, number: str, clock: TestClock, shape: str) -> None:
    emulator.add_number(number, shape=shape)
    emulator.set_key(number, pair().public_key_pem)
    found = client(emulator, clock).served(number)
    assert (found.fingerprint, found.is_valid) == (pair().fingerprint, True)


@pytest.mark.parametrize("shape", ["array", "object", "flat"])
@pytest.mark.parametrize("no_key", ["blank", "absent", "empty"])
def test_every_way_to_say_that_no_key_is_set_gives_none(
    emulator: Emulator, number: str, clock: TestClock, shape: str, no_key: str
) -> None:
    emulator.add_number(number, shape=shape, no_key=no_key)
    found = client(emulator, clock).served(number)
    assert (found.public_key_pem, found.fingerprint, found.is_valid) == (None, None, False)


def test_setting_the_same_key_twice_does_no_harm(emulator: Emulator, number: str, clock: TestClock) -> None:
    graph = client(emulator, clock)
    graph.publish(number, pair().public_key_pem)
    graph.publish(number, pair().public_key_pem)
    assert emulator.served(number)[1:] == (pair().fingerprint, "VALID")


def test_a_slash_at_the_end_of_the_url_does_no_harm(emulator: Emulator, number: str, clock: TestClock) -> None:
    GraphClient(GraphSettings((TOKEN,), url=f"{emulator.url}/"), clock).served(number)
    (request,) = emulator.requests(number)
    assert request["path"] == f"/v26.0/{number}/whatsapp_business_encryption"


def test_a_proof_with_the_apps_secret_is_accepted_for_both_calls(clock: TestClock) -> None:
    with Emulator(tokens=[TOKEN], numbers=["1"], app_secret=APP_SECRET) as strict:
        graph = GraphClient(GraphSettings((TOKEN,), APP_SECRET, strict.url), clock)
        graph.publish("1", pair().public_key_pem)
        assert graph.served("1").fingerprint == pair().fingerprint


@pytest.mark.parametrize("secret", [None, "notTheApps"])
def test_a_proof_that_is_missing_or_wrong_is_named(clock: TestClock, secret: str | None) -> None:
    with Emulator(tokens=[TOKEN], numbers=["1"], app_secret=APP_SECRET) as strict:
        graph = GraphClient(GraphSettings((TOKEN,), secret, strict.url), clock)
        with pytest.raises(AppSecretProofError):
            graph.served("1")


@pytest.mark.parametrize("code", [2, 4, 80008, 130429, 131000, 131016, 133004, 2494100])
def test_a_transient_error_is_waited_out(emulator: Emulator, number: str, clock: TestClock, code: int) -> None:
    emulator.fault("error", code=code, phone_number_id=number, times=3)
    client(emulator, clock).publish(number, pair().public_key_pem)
    assert asked(emulator, number) == 4
    assert clock.waited > 0


def test_the_pauses_grow_and_stay_bounded(emulator: Emulator, number: str, clock: TestClock) -> None:
    pauses: list[float] = []
    clock.on_sleep.append(lambda: pauses.append(clock.waited - sum(pauses)))
    emulator.fault("error", code=131000, phone_number_id=number, times=7)
    client(emulator, clock, deadline=600).served(number)
    longest = [0.5, 1, 2, 4, 8, 8, 8]
    assert all(limit / 2 <= pause <= limit + 1e-9 for pause, limit in zip(pauses, longest, strict=True))


def test_a_lasting_transient_error_is_raised_after_eight_tries(
    emulator: Emulator, number: str, clock: TestClock
) -> None:
    emulator.fault("error", code=131000, phone_number_id=number)
    with pytest.raises(ServiceUnavailableError):
        client(emulator, clock, deadline=3600).served(number)
    assert asked(emulator, number) == 8


def test_a_lasting_transient_error_is_raised_before_the_deadline(
    emulator: Emulator, number: str, clock: TestClock
) -> None:
    emulator.fault("error", code=131000, phone_number_id=number)
    with pytest.raises(ServiceUnavailableError):
        client(emulator, clock, deadline=3).served(number)
    assert clock.waited < 3
    assert asked(emulator, number) < 8


def test_retry_after_is_waited_for(emulator: Emulator, number: str, clock: TestClock) -> None:
    emulator.fault("error", code=4, status=429, retry_after=17, phone_number_id=number, times=1)
    client(emulator, clock).served(number)
    assert clock.waited == 17.0


def test_the_minutes_of_the_usage_header_are_waited_for(emulator: Emulator, number: str, clock: TestClock) -> None:
    usage = {"X-Business-Use-Case-Usage": '{"1": [{"type": "whatsapp", "estimated_time_to_regain_access": 2}]}'}
    emulator.fault("error", code=80008, headers=usage, phone_number_id=number, times=1)
    client(emulator, clock, deadline=150).served(number)
    assert clock.waited == 120.0


def test_a_retry_after_beyond_the_deadline_ends_at_once(emulator: Emulator, number: str, clock: TestClock) -> None:
    emulator.fault("error", code=4, status=429, retry_after=31, phone_number_id=number)
    with pytest.raises(RateLimitError, match="asks to wait 31 s"):
        client(emulator, clock).served(number)
    assert (asked(emulator, number), clock.waited) == (1, 0.0)


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (3, CapabilityError),
        (10, PermissionDeniedError),
        (33, PhoneNumberDeletedError),
        (190, AccessTokenError),
        (200, PermissionDeniedError),
        (368, AccountLockedError),
        (803, PhoneNumberNotFoundError),
        (131031, AccountLockedError),
        (131045, PhoneNumberNotRegisteredError),
        (133010, PhoneNumberNotRegisteredError),
        (135000, GraphError),
    ],
)
def test_a_final_error_is_asked_once(
    emulator: Emulator, number: str, clock: TestClock, code: int, kind: type[GraphError]
) -> None:
    emulator.fault("error", code=code, phone_number_id=number)
    with pytest.raises(kind):
        client(emulator, clock).served(number)
    assert (asked(emulator, number), clock.waited) == (1, 0.0)


def test_an_unknown_fault_is_asked_twice(emulator: Emulator, number: str, clock: TestClock) -> None:
    emulator.fault("error", code=1, phone_number_id=number)
    with pytest.raises(UnknownFaultError):
        client(emulator, clock).served(number)
    assert asked(emulator, number) == 2


def test_a_number_that_meta_does_not_know_is_named(emulator: Emulator, clock: TestClock) -> None:
    with pytest.raises(PhoneNumberNotFoundError, match="read the public key of phone number 999"):
        client(emulator, clock).served("999")


def test_an_accounts_id_in_place_of_a_numbers_is_named_as_such(clock: TestClock) -> None:
    with Emulator(tokens=[TOKEN], accounts=["102290129340398"]) as emulator:
        with pytest.raises(PhoneNumberNotFoundError, match="an object of type WhatsAppBusinessAccount, not"):
            client(emulator, clock).served("102290129340398")
        with pytest.raises(PhoneNumberNotFoundError, match="not the WhatsApp Business account's"):
            client(emulator, clock).publish("102290129340398", pair().public_key_pem)


def test_a_version_that_meta_does_not_know_is_named(emulator: Emulator, number: str, clock: TestClock) -> None:
    graph = GraphClient(GraphSettings((TOKEN,), url=emulator.url, version="v260.0"), clock)
    with pytest.raises(GraphVersionError, match="check whatsapp:graphVersion"):
        graph.served(number)
    assert (asked(emulator, number), clock.waited) == (1, 0.0)


def test_a_public_key_that_meta_does_not_take_is_said(emulator: Emulator, number: str, clock: TestClock) -> None:
    with pytest.raises(InvalidPublicKeyError, match=f"set the public key of phone number {number}"):
        client(emulator, clock).publish(number, "no key")


def test_a_lost_answer_to_a_post_is_said_and_not_asked_again(emulator: Emulator, number: str, clock: TestClock) -> None:
    emulator.fault("lost_answer", phone_number_id=number)
    with pytest.raises(AnswerLostError):
        client(emulator, clock).publish(number, pair().public_key_pem)
    assert (asked(emulator, number, "POST"), emulator.served(number)[1]) == (1, pair().fingerprint)


def test_a_connection_that_closes_on_a_post_counts_as_a_lost_answer(
    emulator: Emulator, number: str, clock: TestClock
) -> None:
    emulator.fault("refuse", phone_number_id=number)
    with pytest.raises(AnswerLostError):
        client(emulator, clock).publish(number, pair().public_key_pem)
    assert asked(emulator, number, "POST") == 1


def test_a_lost_answer_to_a_get_is_asked_again(emulator: Emulator, number: str, clock: TestClock) -> None:
    emulator.fault("lost_answer", phone_number_id=number, times=2)
    client(emulator, clock).served(number)
    assert asked(emulator, number) == 3


def test_a_body_that_is_cut_short_is_a_lost_answer_to_a_post(emulator: Emulator, number: str, clock: TestClock) -> None:
    emulator.fault("cut_body", phone_number_id=number)
    with pytest.raises(AnswerLostError):
        client(emulator, clock).publish(number, pair().public_key_pem)
    assert (asked(emulator, number, "POST"), emulator.served(number)[1]) == (1, pair().fingerprint)


def test_a_body_that_is_cut_short_is_read_again(emulator: Emulator, number: str, clock: TestClock) -> None:
    emulator.set_key(number, pair().public_key_pem)
    emulator.fault("cut_body", phone_number_id=number, times=2)
    assert client(emulator, clock).served(number).fingerprint == pair().fingerprint
    assert asked(emulator, number) == 3


@pytest.mark.parametrize("code", [1, 2, 131000, 131016, 987654])
def test_an_error_after_the_effect_of_a_publication_leaves_it_open(
    emulator: Emulator, number: str, clock: TestClock, code: int
) -> None:
    emulator.fault("error_after", code=code, status=500, phone_number_id=number)
    with pytest.raises(GraphError, match="it may have taken effect") as caught:
        client(emulator, clock).publish(number, pair().public_key_pem)
    assert caught.value.may_have_taken_effect
    assert emulator.served(number)[1] == pair().fingerprint


@pytest.mark.parametrize(
    ("code", "status"), [(3, 500), (4, 429), (10, 403), (33, 400), (100, 400), (190, 401), (131045, 500)]
)
def test_a_refused_publication_had_no_effect(
    emulator: Emulator, number: str, clock: TestClock, code: int, status: int
) -> None:
    emulator.fault("error", code=code, status=status, phone_number_id=number)
    with pytest.raises(GraphError, match=r"^Meta refused to set the public key") as caught:
        client(emulator, clock).publish(number, pair().public_key_pem)
    assert not caught.value.may_have_taken_effect


@pytest.mark.parametrize("fault", [{"kind": "refuse"}, {"kind": "error", "code": 131000}])
def test_a_read_that_fails_changes_nothing(
    emulator: Emulator, number: str, clock: TestClock, fault: dict[str, object]
) -> None:
    emulator.fault(phone_number_id=number, **fault)  # type: ignore[arg-type]
    with pytest.raises(GraphError) as caught:
        client(emulator, clock).served(number)
    assert not caught.value.may_have_taken_effect
    assert "may have taken effect" not in str(caught.value)


def test_a_refusal_does_not_hide_that_a_try_before_it_may_have_taken_effect(
    emulator: Emulator, number: str, clock: TestClock
) -> None:
    emulator.fault("error_after", code=131000, phone_number_id=number, times=1)
    emulator.fault("error", code=10, phone_number_id=number)
    with pytest.raises(ServiceUnavailableError) as caught:
        client(emulator, clock).publish(number, pair().public_key_pem)
    assert caught.value.may_have_taken_effect
    assert asked(emulator, number, "POST") == 2


def test_answers_that_stay_lost_make_the_api_unreachable(emulator: Emulator, number: str, clock: TestClock) -> None:
    emulator.fault("refuse", phone_number_id=number)
    with pytest.raises(UnreachableError):
        client(emulator, clock).served(number)


def test_a_token_that_is_not_valid_falls_to_the_next(emulator: Emulator, number: str, clock: TestClock) -> None:
    client(emulator, clock, UNKNOWN_TOKEN, TOKEN).publish(number, pair().public_key_pem)
    assert [entry["status"] for entry in emulator.requests(number)] == [401, 200]


def test_a_token_that_fell_is_not_tried_at_the_next_call(emulator: Emulator, number: str, clock: TestClock) -> None:
    graph = client(emulator, clock, UNKNOWN_TOKEN, TOKEN)
    graph.served(number)
    graph.served(number)
    assert [entry["status"] for entry in emulator.requests(number)] == [401, 200, 200]


def test_each_of_several_bad_tokens_is_tried_once(emulator: Emulator, number: str, clock: TestClock) -> None:
    with pytest.raises(AccessTokenError):
        client(emulator, clock, UNKNOWN_TOKEN, "EAAnorThis", "EAAnorThat").served(number)
    assert (asked(emulator, number), clock.waited) == (3, 0.0)


@pytest.mark.parametrize("code", [10, 200, 803, 131031])
def test_another_error_does_not_fall_to_the_next_token(
    emulator: Emulator, number: str, clock: TestClock, code: int
) -> None:
    emulator.fault("error", code=code, phone_number_id=number)
    with pytest.raises(GraphError):
        client(emulator, clock, TOKEN, ACCOUNT_TOKENS["north"]).served(number)
    assert asked(emulator, number) == 1


def test_a_token_without_a_right_to_the_number_is_told_apart(emulator: Emulator, number: str, clock: TestClock) -> None:
    emulator.add_number(number, tokens=[ACCOUNT_TOKENS["north"]])
    with pytest.raises((PermissionDeniedError, PhoneNumberNotFoundError)):
        client(emulator, clock, TOKEN, ACCOUNT_TOKENS["north"]).served(number)


def test_a_token_that_meta_quotes_stays_out_of_the_text(emulator: Emulator, number: str, clock: TestClock) -> None:
    emulator.fault("error", code=190, message=f"Malformed access token {TOKEN}", phone_number_id=number)
    with pytest.raises(AccessTokenError, match="Malformed access token") as caught:
        client(emulator, clock).served(number)
    assert TOKEN not in f"{caught.value!r} {caught.value}"


@pytest.mark.parametrize("kind", ["lost_answer", "refuse"])
def test_no_token_is_in_the_text_or_the_chain_of_a_broken_connection(
    emulator: Emulator, number: str, clock: TestClock, kind: str
) -> None:
    emulator.fault(kind, phone_number_id=number)
    with pytest.raises(AnswerLostError) as caught:
        client(emulator, clock).publish(number, pair().public_key_pem)
    assert TOKEN not in f"{caught.value!r} {caught.value}"
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


@pytest.mark.parametrize(
    ("off", "said"),
    [
        (timedelta(days=-365, seconds=-60), "is 365 days ahead of Meta's"),
        (timedelta(days=365, seconds=60), "is 365 days behind Meta's"),
        (timedelta(hours=-30, seconds=-60), "is 30 hours ahead of Meta's"),
        (timedelta(minutes=62, seconds=30), "is 62 minutes behind Meta's"),
    ],
)
def test_a_read_whose_time_is_not_this_machines_is_not_used(
    emulator: Emulator, number: str, clock: TestClock, off: timedelta, said: str
) -> None:
    emulator.set_key(number, pair().public_key_pem)
    emulator.fault("wrong_date", phone_number_id=number, seconds_ahead=int(off.total_seconds()))
    with pytest.raises(ClockSkewError) as caught:
        client(emulator, clock).served(number)
    assert f"Could not read the public key of phone number {number}. This machine's clock {said}" in str(caught.value)
    assert "no key is lost: set this machine's clock" in str(caught.value)
    assert (asked(emulator, number), clock.waited) == (1, 0.0)


@pytest.mark.parametrize("minutes", [-59, 0, 58])
def test_a_time_that_is_less_than_an_hour_off_is_taken(
    emulator: Emulator, number: str, clock: TestClock, minutes: int
) -> None:
    emulator.set_key(number, pair().public_key_pem)
    emulator.fault("wrong_date", phone_number_id=number, seconds_ahead=minutes * 60)
    assert client(emulator, clock).served(number).fingerprint == pair().fingerprint


def test_a_publication_is_not_refused_by_its_time(emulator: Emulator, number: str, clock: TestClock) -> None:
    emulator.fault("wrong_date", phone_number_id=number, seconds_ahead=86_400)
    client(emulator, clock).publish(number, pair().public_key_pem)
    assert emulator.served(number)[1] == pair().fingerprint


def test_an_error_is_told_whatever_its_time(emulator: Emulator, number: str, clock: TestClock) -> None:
    emulator.add_number(number, registered=False)
    emulator.fault("wrong_date", phone_number_id=number, seconds_ahead=86_400)
    with pytest.raises(PhoneNumberNotRegisteredError):
        client(emulator, clock).served(number)

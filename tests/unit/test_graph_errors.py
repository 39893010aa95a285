"""Meta's errors as types: which code is which, what may be tried again, and what a person reads."""

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from whatsapp_flow_keys.errors import FlowKeysError
from whatsapp_flow_keys.registrars.meta_graph import errors
from whatsapp_flow_keys.registrars.meta_graph.answers import error_answer, is_error_body
from whatsapp_flow_keys.registrars.meta_graph.errors import ErrorAnswer, GraphError
from whatsapp_flow_keys.registrars.meta_graph.meanings import MEANINGS, error_for

DOING = "read the public key of phone number 106540352242922"
USAGE = "X-Business-Use-Case-Usage"

META_SAYS: list[tuple[int, int | None, int, type[GraphError], bool]] = [
    (0, None, 401, errors.AccessTokenError, False),
    (1, None, 400, errors.UnknownFaultError, True),
    (2, None, 503, errors.ServiceUnavailableError, True),
    (2, None, 500, errors.ServiceUnavailableError, True),
    (3, None, 500, errors.CapabilityError, False),
    (4, 2446079, 400, errors.RateLimitError, True),
    (4, 2446079, 429, errors.RateLimitError, True),
    (10, None, 403, errors.PermissionDeniedError, False),
    (17, None, 400, errors.RateLimitError, True),
    (32, None, 403, errors.RateLimitError, True),
    (613, None, 400, errors.RateLimitError, True),
    (33, None, 400, errors.PhoneNumberDeletedError, False),
    (102, None, 401, errors.AccessTokenError, False),
    (100, None, 400, errors.InvalidParameterError, False),
    (100, None, 422, errors.InvalidParameterError, False),
    (100, 33, 400, errors.PhoneNumberNotFoundError, False),
    (190, None, 401, errors.AccessTokenError, False),
    (190, 460, 401, errors.AccessTokenError, False),
    (190, 463, 401, errors.AccessTokenError, False),
    (200, 1349174, 403, errors.PermissionDeniedError, False),
    (250, None, 403, errors.PermissionDeniedError, False),
    (299, None, 403, errors.PermissionDeniedError, False),
    (341, None, 400, errors.RateLimitError, True),
    (368, None, 403, errors.AccountLockedError, False),
    (2635, None, 400, errors.GraphVersionError, False),
    (2500, None, 400, GraphError, False),
    (803, None, 404, errors.PhoneNumberNotFoundError, False),
    (80007, None, 400, errors.RateLimitError, True),
    (80008, None, 400, errors.RateLimitError, True),
    (130429, None, 400, errors.RateLimitError, True),
    (130429, None, 429, errors.RateLimitError, True),
    (131000, None, 500, errors.ServiceUnavailableError, True),
    (131005, None, 403, errors.PermissionDeniedError, False),
    (131008, None, 400, errors.InvalidParameterError, False),
    (131009, None, 400, errors.InvalidParameterError, False),
    (131016, None, 500, errors.ServiceUnavailableError, True),
    (131031, None, 403, errors.AccountLockedError, False),
    (131045, None, 500, errors.PhoneNumberNotRegisteredError, False),
    (131048, None, 400, GraphError, False),
    (131056, None, 400, GraphError, False),
    (131057, None, 500, errors.ServiceUnavailableError, True),
    (133000, None, 500, errors.ServiceUnavailableError, True),
    (133004, None, 503, errors.ServiceUnavailableError, True),
    (133005, None, 400, GraphError, False),
    (133006, None, 400, errors.PhoneNumberNotRegisteredError, False),
    (133010, None, 400, errors.PhoneNumberNotRegisteredError, False),
    (133015, None, 400, errors.RegistrationLimitError, False),
    (133016, None, 400, errors.RegistrationLimitError, False),
    (132068, None, 400, GraphError, False),
    (135000, None, 400, GraphError, False),
    (139000, None, 400, errors.AccountLockedError, False),
    (2494100, None, 503, errors.ServiceUnavailableError, True),
]


def body(code: int | None = 100, **more: Any) -> dict[str, Any]:
    return {"error": {"message": "Invalid parameter", "type": "OAuthException", "code": code, **more}}


def answered(status: int, given: Any, headers: Mapping[str, str] | None = None, *hidden: str) -> GraphError:
    return error_for(DOING, error_answer(status, headers or {}, given, hidden))


def all_classes(base: type[GraphError] = GraphError) -> Iterator[type[GraphError]]:
    yield base
    for derived in base.__subclasses__():
        yield from all_classes(derived)


KINDS: list[type[GraphError]] = sorted(all_classes(), key=lambda kind: kind.__name__)


@pytest.mark.parametrize(("code", "subcode", "status", "kind", "transient"), META_SAYS)
def test_a_documented_code_has_its_class_and_transience(
    code: int, subcode: int | None, status: int, kind: type[GraphError], transient: bool
) -> None:
    error = answered(status, body(code, error_subcode=subcode))
    assert (type(error), error.transient) == (kind, transient)


def test_an_account_lock_is_not_taken_for_a_bad_key_whatever_its_text() -> None:
    error = answered(403, body(131031, message="(#131031) Invalid public key format"))
    assert type(error) is errors.AccountLockedError
    assert not isinstance(error, errors.InvalidPublicKeyError)


def test_a_lack_of_capability_is_asked_once_despite_http_500() -> None:
    assert answered(500, body(3)).tries == 1


def test_a_refused_key_is_known_by_the_message() -> None:
    assert type(answered(400, body(message="Business public key is invalid"))) is errors.InvalidPublicKeyError


def test_a_refused_key_is_known_by_the_details() -> None:
    refused = body(error_data={"messaging_product": "whatsapp", "details": "Business public key is invalid"})
    assert type(answered(400, refused)) is errors.InvalidPublicKeyError


def test_a_refused_proof_is_known_by_the_message() -> None:
    refused = body(message="Invalid appsecret_proof provided in the API argument")
    assert type(answered(400, refused)) is errors.AppSecretProofError


def test_an_object_that_is_not_found_is_no_bad_key_though_the_text_names_one() -> None:
    unseen = body(message="Unsupported post request on the public key", error_subcode=33)
    assert type(answered(400, unseen)) is errors.PhoneNumberNotFoundError


@pytest.mark.parametrize("node", ["WhatsAppBusinessAccount", "Business", "WhatsAppMessageTemplate"])
def test_the_id_of_another_object_is_named_as_such(node: str) -> None:
    said = f"(#100) Tried accessing nonexisting field (whatsapp_business_encryption) on node type ({node})"
    error = answered(400, body(message=said))
    assert type(error) is errors.PhoneNumberNotFoundError
    assert f"This is the ID of an object of type {node}, not of a phone number. Compare it with" in str(error)


def test_a_phone_number_without_the_edge_is_not_taken_for_another_object() -> None:
    said = "(#100) Tried accessing nonexisting field (whatsapp_business_encryption) on node type (WhatsAppPhoneNumber)"
    assert type(answered(400, body(message=said))) is errors.InvalidParameterError


@pytest.mark.parametrize(
    ("code", "said", "kind"),
    [
        (2500, "Unknown path components: /1065/whatsapp_business_encryption", errors.GraphVersionError),
        (2500, "Unknown path components: /whatsapp_business_encryption", errors.PhoneNumberNotFoundError),
        (2500, "An active access token must be used to query information about it.", errors.AccessTokenError),
        (200, "API access blocked.", errors.AppBlockedError),
        (200, "API access deactivated. To reactivate, go to the app dashboard.", errors.AppBlockedError),
        (200, "(#200) Permissions error", errors.PermissionDeniedError),
        (190, "API access blocked.", errors.AccessTokenError),
    ],
)
def test_a_code_of_several_meanings_is_told_by_its_message(code: int, said: str, kind: type[GraphError]) -> None:
    assert type(answered(400, body(code, message=said))) is kind


@pytest.mark.parametrize(
    ("code", "subcode", "message", "cause"),
    [
        (190, 458, "", "The access token's user has not added its app, or has removed it: set a system user's token"),
        (190, 459, "", "The access token's user must log in at facebook.com and clear a check: set"),
        (190, 460, "", "The access token ended when its user changed the password: set"),
        (190, 463, "", "The access token has expired: set"),
        (102, 463, "", "The access token has expired: set"),
        (190, 464, "", "The access token's user must confirm the account at facebook.com: set"),
        (190, 467, "", "The access token has expired or was revoked: set"),
        (190, 492, "", "The access token is a Page's, and its user has no role on that Page: set"),
        (190, 999, "", "The access token is not valid, or no longer: set"),
        (190, None, "", "The access token is not valid, or no longer: set"),
        (2500, None, "An active access token must be used", "The call came without a valid access token: set"),
        (2635, None, "", "This version of the Graph API has ended: check whatsapp:graphVersion"),
        (10, None, "", "or Meta has not put the number on its allow list. The token needs the permission"),
        (100, None, "Invalid appsecret_proof", "The app secret is another app's: set"),
        (100, None, "require an appsecret_proof", "The app asks for a proof made with its app secret: set"),
        (368, None, "", "Meta blocked the account for a violation of its policies: see Meta Business Support Home"),
        (139000, None, "", "Meta blocked the account over its integrity: see Meta Business Support Home"),
        (131031, None, "", "The WhatsApp Business account is locked: see Meta Business Support Home"),
    ],
)
def test_what_is_wrong_is_said_before_what_to_do(code: int, subcode: int | None, message: str, cause: str) -> None:
    assert cause in str(answered(400, body(code, error_subcode=subcode, message=message)))


@pytest.mark.parametrize("kind", sorted({row.kind for row in MEANINGS}, key=str))
def test_the_advice_outside_pulumi_names_no_setting_and_no_command_of_pulumis(kind: type[GraphError]) -> None:
    said = kind(DOING, ErrorAnswer(status=400, code=7)).advice_outside_pulumi
    assert said
    assert "whatsapp:" not in said
    assert "pulumi" not in said


def test_an_unknown_code_is_transient_where_meta_says_so() -> None:
    assert type(answered(400, body(987654, is_transient=True))) is errors.ServiceUnavailableError


@pytest.mark.parametrize("said", [False, None, "true", 1])
def test_an_unknown_code_is_final_where_meta_does_not_say_that_it_is_transient(said: object) -> None:
    assert type(answered(500, body(987654, is_transient=said))) is GraphError


def test_a_documented_final_code_stays_final_though_meta_calls_it_transient() -> None:
    assert not answered(401, body(190, is_transient=True)).transient


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_a_fault_without_a_body_is_transient(status: int) -> None:
    assert type(answered(status, None)) is errors.ServiceUnavailableError


@pytest.mark.parametrize("given", [None, body(None), body(987654)])
def test_http_429_is_a_rate_limit_whatever_the_body_says(given: object) -> None:
    assert type(answered(429, given)) is errors.RateLimitError


@pytest.mark.parametrize("status", [200, 302, 400, 403, 404])
def test_an_answer_without_an_error_code_is_unexpected(status: int) -> None:
    assert type(answered(status, None)) is errors.UnexpectedAnswerError


@pytest.mark.parametrize("code", ["190", None, True, 1.5, [190]])
def test_a_code_that_is_no_whole_number_counts_as_none(code: object) -> None:
    assert error_answer(400, {}, {"error": {"code": code}}, ()).code is None


@pytest.mark.parametrize("given", [None, [], "error", {}, {"error": None}, {"error": "text"}, {"error": [1]}])
def test_only_an_object_named_error_is_an_error_body(given: object) -> None:
    assert not is_error_body(given)


@pytest.mark.parametrize("kind", KINDS, ids=[kind.__name__ for kind in KINDS])
def test_every_class_says_what_happened_and_what_to_do(kind: type[GraphError]) -> None:
    error = kind(DOING, ErrorAnswer(status=400, code=7))
    assert isinstance(error, FlowKeysError)
    assert DOING in str(error)
    assert kind.advice.format(settings="whatsapp:", cause=kind.cause) in str(error)
    assert bool(kind.cause) == ("{cause}" in kind.advice)


@pytest.mark.parametrize("kind", KINDS, ids=[kind.__name__ for kind in KINDS])
def test_what_may_be_tried_again_by_the_client_is_transient(kind: type[GraphError]) -> None:
    assert kind.transient or kind.tries == 1


@pytest.mark.parametrize(
    ("kind", "word"),
    [
        (errors.AccessTokenError, "pulumi config set --secret whatsapp:accessToken"),
        (errors.AccessTokenError, "WHATSAPP_ACCESS_TOKEN"),
        (errors.PermissionDeniedError, "whatsapp_business_messaging"),
        (errors.CapabilityError, "in its dashboard"),
        (errors.PhoneNumberNotFoundError, "WhatsApp Manager"),
        (errors.AppBlockedError, "dashboard"),
        (errors.GraphVersionError, "whatsapp:graphVersion"),
        (errors.PhoneNumberDeletedError, "deleted"),
        (errors.PhoneNumberNotRegisteredError, "registered"),
        (errors.InvalidPublicKeyError, "RSA-2048"),
        (errors.AppSecretProofError, "whatsapp:appSecret"),
        (errors.InvalidParameterError, "whatsapp:graphVersion"),
        (errors.AccountLockedError, "Meta Business Support Home"),
        (errors.RateLimitError, "run `pulumi up` again later"),
        (errors.RegistrationLimitError, "Run `pulumi up` again later"),
        (errors.ServiceUnavailableError, "run `pulumi up` again later"),
        (errors.UnexpectedAnswerError, "whatsapp:graphUrl"),
        (errors.ClockSkewError, "set this machine's clock"),
        (errors.UnreachableError, "network"),
        (errors.AnswerLostError, "run `pulumi up` again"),
        (GraphError, "trace id"),
    ],
)
def test_the_advice_names_the_thing_to_do(kind: type[GraphError], word: str) -> None:
    assert word in str(kind(DOING))


@pytest.mark.parametrize(
    ("status", "code", "open_"),
    [
        (500, 131000, True),
        (503, 2, True),
        (400, 1, True),
        (502, None, True),
        (200, None, True),
        (500, 987654, True),
        (400, 987654, False),
        (302, None, False),
        (404, None, False),
        (429, None, False),
        (500, 3, False),
        (500, 131045, False),
        (400, 100, False),
        (401, 190, False),
    ],
)
def test_what_was_to_change_something_may_have_done_so_where_meta_did_not_refuse_it(
    status: int, code: int | None, open_: bool
) -> None:
    changing = error_for(DOING, ErrorAnswer(status, code), changing=True)
    assert changing.may_have_taken_effect is open_
    assert ("did not confirm the call" in str(changing)) is open_
    assert ("did not confirm the call" in changing.found) is open_
    assert not error_for(DOING, ErrorAnswer(status, code)).may_have_taken_effect


@pytest.mark.parametrize("kind", KINDS, ids=[kind.__name__ for kind in KINDS])
def test_an_error_of_one_of_several_accounts_calls_the_settings_by_its_names(kind: type[GraphError]) -> None:
    said = str(kind(DOING, ErrorAnswer(status=400, code=7)).of_account("north"))
    assert "whatsapp:" not in said
    assert ("north:" in said) is ("{settings}" in kind.advice)


def test_a_lost_answer_may_have_taken_effect() -> None:
    lost = errors.AnswerLostError(DOING)
    assert lost.may_have_taken_effect
    assert str(lost) == (
        f"Meta did not confirm the call to {DOING}: it may have taken effect, and the next run reads whether it did. "
        f"No answer came. Nothing is lost: run `pulumi up` again."
    )


def test_a_lost_answer_is_never_tried_again_by_the_client() -> None:
    assert errors.AnswerLostError.tries == 1


def test_an_unknown_fault_is_tried_twice() -> None:
    assert errors.UnknownFaultError.tries == 2


def test_the_text_carries_codes_status_and_trace() -> None:
    error = answered(401, body(190, error_subcode=463, fbtrace_id="AbC123"))
    assert "code 190/463, HTTP 401, trace AbC123" in str(error)


def test_the_trace_comes_from_the_header_where_the_body_has_none() -> None:
    assert "trace FromHeader" in str(answered(400, body(), {"x-fb-trace-id": "FromHeader"}))


def test_the_details_are_quoted_rather_than_the_message() -> None:
    text = str(answered(400, body(error_data={"details": "Recipient is odd"})))
    assert "Meta said: Recipient is odd," in text


def test_metas_message_is_one_line() -> None:
    text = str(answered(400, body(message="Invalid\n parameter\r\n\tof this\u2028call")))
    assert "Meta said: Invalid parameter of this call," in text


def test_metas_message_is_bounded() -> None:
    assert len(error_answer(400, {}, body(message="x" * 100_000), ()).message) == 300


@pytest.mark.parametrize("field", ["message", "details", "fbtrace_id"])
def test_a_token_that_meta_quotes_is_masked(field: str) -> None:
    said = "Malformed access token EAAsecret (EAAsecret)"
    given = body(error_data={"details": said}) if field == "details" else body(100, **{field: said})
    text = str(answered(400, given, None, "EAAsecret"))
    assert "EAAsecret" not in text
    assert "[secret] ([secret])" in text


def test_a_token_is_masked_before_the_message_is_cut() -> None:
    token = "EAA" + "s" * 200
    answer = error_answer(400, {}, body(message="x" * 250 + token), (token,))
    assert "EAAs" not in answer.message


@pytest.mark.parametrize("said", [None, 7, ["x"], {"a": "b"}])
def test_a_message_that_is_no_text_is_left_out(said: object) -> None:
    assert "Meta said" not in str(answered(400, body(message=said)))


@pytest.mark.parametrize(("given", "asked"), [("60", 60.0), ("0", 0.0), ("007", 7.0)])
def test_retry_after_is_in_seconds(given: str, asked: float) -> None:
    assert error_answer(429, {"Retry-After": given}, None, ()).retry_after == asked


@pytest.mark.parametrize("given", ["", "-5", "1.5", "soon", "Tue, 24 Nov 2026 12:00:00 GMT", "٣"])
def test_retry_after_in_another_form_says_nothing(given: str) -> None:
    assert error_answer(429, {"Retry-After": given}, None, ()).retry_after is None


def test_the_minutes_of_the_usage_header_become_seconds() -> None:
    usage = '{"1029": [{"type": "whatsapp", "call_count": 100, "estimated_time_to_regain_access": 3}]}'
    assert error_answer(400, {USAGE: usage}, body(80008), ()).retry_after == 180.0


def test_the_longest_of_several_waits_counts() -> None:
    waits = '{"1": [{"estimated_time_to_regain_access": 2}], "2": [{"estimated_time_to_regain_access": 9}]}'
    assert error_answer(400, {USAGE: waits}, body(80008), ()).retry_after == 540.0


def test_retry_after_goes_before_the_usage_header() -> None:
    headers = {"Retry-After": "5", USAGE: '{"1": [{"estimated_time_to_regain_access": 9}]}'}
    assert error_answer(429, headers, body(4), ()).retry_after == 5.0


@pytest.mark.parametrize(
    "usage",
    [
        "",
        "no JSON",
        "[]",
        "{}",
        '{"1": []}',
        '{"1": [{}]}',
        '{"1": 7}',
        '{"1": [7]}',
        '{"1": [{"estimated_time_to_regain_access": 0}]}',
        '{"1": [{"estimated_time_to_regain_access": "soon"}]}',
    ],
)
def test_a_usage_header_without_a_wait_says_nothing(usage: str) -> None:
    assert error_answer(400, {USAGE: usage}, body(4), ()).retry_after is None


def test_the_text_says_how_long_meta_asks_to_wait() -> None:
    assert "asks to wait 60 s" in str(answered(429, body(4), {"Retry-After": "60"}))


@pytest.mark.parametrize(
    "usage",
    ["[" * 60_000, '{"1":[{"estimated_time_to_regain_access":1' + "0" * 400 + "}]}", '{"1":[7]}', "{}"],
    ids=["deep", "huge", "odd", "empty"],
)
def test_a_usage_header_that_says_nothing_useful_is_passed_over(usage: str) -> None:
    assert error_answer(429, {"X-Business-Use-Case-Usage": usage}, None, ()).retry_after is None


def test_one_usage_entry_without_a_wait_does_not_hide_another() -> None:
    usage = '{"1":[{"estimated_time_to_regain_access":5},{"type":"whatsapp"}]}'
    assert error_answer(429, {"X-Business-Use-Case-Usage": usage}, None, ()).retry_after == 300

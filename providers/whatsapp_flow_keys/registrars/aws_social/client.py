"""The two calls, by boto3: retries within a deadline that holds for all of it, typed errors.

boto3 itself makes each call once: what it repeats it doesn't tell of, and the first of two tries may have taken effect.
"""

import json
from collections.abc import Mapping
from typing import Any

from whatsapp_flow_keys.aws.client import CallError, call, shared_client
from whatsapp_flow_keys.aws.refusals import HALF
from whatsapp_flow_keys.clock import Clock, SystemClock
from whatsapp_flow_keys.errors import InputError
from whatsapp_flow_keys.keys import public_key_fingerprint
from whatsapp_flow_keys.quotation import quotable
from whatsapp_flow_keys.registrars.answer_time import skew_in
from whatsapp_flow_keys.registrars.aws_social.errors import AwsAnswer, AwsClockError, AwsUnexpectedAnswerError
from whatsapp_flow_keys.registrars.aws_social.meanings import error_for
from whatsapp_flow_keys.registrars.aws_social.settings import AwsSocialSettings
from whatsapp_flow_keys.registrars.registrar import ServedKey
from whatsapp_flow_keys.registrars.retries import retried

_TRIES = (20.0, 10.0, 5.0, 2.0, 1.0)
"""Seconds in which a connection must be made, and in which an answer must go on: the longest that there is time for.
Each is a client of its own, which is slow to make."""
_LONGEST_NAME = 100
NOT_AWS = (
    "what answered is not AWS End User Messaging Social: check AWS_ENDPOINT_URL, AWS_ENDPOINT_URL_SOCIALMESSAGING, and "
    "any proxy in between"
)
NOT_A_KEY = "AWS answers something that is not a public key: look at the number in its console"


class AwsSocialClient:
    """A number at AWS End User Messaging Social. Thread-safe."""

    def __init__(self, settings: AwsSocialSettings, clock: Clock | None = None) -> None:
        self._settings = settings
        self._clock = clock or SystemClock()

    def served(self, phone_number_id: str) -> ServedKey:
        """``GetWhatsAppBusinessPublicKey``. Blank and absent both mean that no key is set.

        ``phone_number_id`` is Meta's, which errors name; AWS is asked by its own. Raises :class:`AwsSocialError`.
        """
        doing = f"read the public key of phone number {phone_number_id}"
        answer = self._ask("GetWhatsAppBusinessPublicKey", doing)
        metadata = answer["ResponseMetadata"]
        if ahead := skew_in(_headers(metadata)):
            raise AwsClockError.of(doing, ahead)
        pem, status = answer.get("businessPublicKey"), answer.get("businessPublicKeySignatureStatus")
        if not isinstance(pem, str | None) or not isinstance(status, str | None):  # boto3 checks no types
            raise AwsUnexpectedAnswerError(doing, NOT_AWS)
        status, request_id = status and quotable(status, _LONGEST_NAME), _request_id(metadata)
        if not pem or not pem.strip():
            return ServedKey(signature_status=status, trace_id=request_id)
        try:
            return ServedKey(pem, public_key_fingerprint(pem), status, request_id)
        except InputError:
            raise AwsUnexpectedAnswerError(doing, NOT_A_KEY) from None

    def publish(self, phone_number_id: str, public_key_pem: str) -> str | None:
        """``PutWhatsAppBusinessPublicKey``. Repeating it does no harm. Returns AWS's request ID.

        Raises :class:`AwsSocialError`, whose ``may_have_taken_effect`` says whether the key may be served all the same.
        """
        doing = f"set the public key of phone number {phone_number_id}"
        answer = self._ask("PutWhatsAppBusinessPublicKey", doing, changing=True, businessPublicKey=public_key_pem)
        return _request_id(answer["ResponseMetadata"])

    def _ask(self, action: str, doing: str, *, changing: bool = False, **parameters: str) -> dict[str, Any]:
        number = self._settings.number
        parameters["originationPhoneNumberId"] = number.asked_for_as

        def once(left: float) -> dict[str, Any]:
            seconds = next((seconds for seconds in _TRIES if seconds <= left), _TRIES[-1])
            try:
                answer = call(lambda: _service(number.region, seconds), action, **parameters)
            except CallError as failed:
                raise error_for(doing, f"social-messaging:{action}", failed, changing=changing) from None
            metadata = answer.get("ResponseMetadata", {})
            if not _request_id(metadata):  # boto3 takes any page with the status 200 for an answer
                said = AwsAnswer(metadata.get("HTTPStatusCode", 200))
                raise AwsUnexpectedAnswerError(doing, NOT_AWS, said, changing=changing)
            return answer

        return retried(once, self._settings.deadline, self._clock)


def _service(region: str, seconds: float) -> Any:
    client = shared_client("socialmessaging", region, seconds, 1)
    client.meta.events.register("before-parse", _refuse_half_a_body, unique_id="whatsapp-flow-keys-whole-body")
    return client


def _refuse_half_a_body(response_dict: Mapping[str, Any], **_: Any) -> None:
    """boto3 takes a body that ends early for one that says nothing: so for a number without a key."""
    body, headers = response_dict["body"], response_dict["headers"]
    if response_dict["status_code"] >= 300 or (not body and headers.get("Content-Length", "0") == "0"):
        return
    try:
        is_whole = isinstance(json.loads(body), dict)
    except (ValueError, RecursionError):
        is_whole = False
    if not is_whole:
        raise CallError(HALF)


def _request_id(metadata: Mapping[str, Any]) -> str | None:
    return quotable(str(metadata.get("RequestId", "")), _LONGEST_NAME) or None


def _headers(metadata: Mapping[str, Any]) -> Mapping[str, str]:
    return {name.title(): str(value) for name, value in metadata.get("HTTPHeaders", {}).items()}

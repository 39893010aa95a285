"""What AWS does with `/v1/whatsapp/business-public-key`, apart from HTTP: over the same numbers as the Graph API.

Source: the service model of AWS End User Messaging Social, and its user's guide on Flows with an endpoint. What GET
answers for a number without a key is documented nowhere: here it is as the number's `no_key` says. Which error a number
gets that is deleted or not registered at Meta is this emulator's choice, and so is the order of the checks.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from whatsapp_graph_emulator.access import Access
from whatsapp_graph_emulator.answers import Answer, AwsError
from whatsapp_graph_emulator.edge import as_it_is
from whatsapp_graph_emulator.number import Number
from whatsapp_graph_emulator.phone_numbers import Numbers
from whatsapp_graph_emulator.public_keys import InvalidPublicKey, PublicKey, read_public_key

AWS_PATH = "v1/whatsapp/business-public-key"
_SIGNED = "AWS4-HMAC-SHA256 "
_ID = "phone-number-id-"
_DIGITS = 32
_KNOWN_FORM = re.compile(rf"{_ID}(.*)|arn:.*:phone-number-id/([0-9a-zA-Z]+)")

_DOCUMENTED = (
    AwsError(400, "ValidationException", "The request contains an invalid parameter value."),
    AwsError(400, "InvalidParametersException", "One or more parameters provided to the action are not valid."),
    AwsError(403, "AccessDeniedException", "You do not have sufficient access to perform this action."),
    AwsError(403, "AccessDeniedByMetaException", "You do not have sufficient access to perform this action."),
    AwsError(404, "ResourceNotFoundException", "The resource was not found."),
    AwsError(429, "ThrottledRequestException", "The request was denied due to request throttling."),
    AwsError(500, "InternalServiceException", "The request processing has failed because of an unknown error."),
    AwsError(502, "DependencyException", "A dependency failed."),
)
_BY_CODE = {error.code: error for error in _DOCUMENTED}


def documented_aws_error(code: str) -> AwsError:
    """A fresh copy of the error of the service model, or one with HTTP 400 where it is another service's or AWS's."""
    return replace(_BY_CODE.get(code, AwsError(400, code, "Emulated error")))


def aws_id(phone_number_id: str) -> str:
    """AWS's ID of a number: `phone-number-id-` and Meta's ID, with zeros before it, so that it has 32 digits."""
    return f"{_ID}{phone_number_id.zfill(_DIGITS)}"


def number_of(origination_id: str) -> str | None:
    """Meta's ID in AWS's ID or ARN of a number; None where it is not of that form."""
    form = _KNOWN_FORM.fullmatch(origination_id)
    digits = (form[1] or form[2] or "") if form else ""
    return digits.lstrip("0") if re.fullmatch(f"[0-9]{{{_DIGITS}}}", digits) else None


@dataclass(frozen=True)
class AwsCall:
    """One request: what the query, the body and the headers say."""

    verb: str
    authorization: str = field(repr=False)
    params: Mapping[str, object] = field(repr=False)

    @property
    def method(self) -> str:
        """As faults know it: what sets a key is a POST, as at Meta."""
        return "POST" if self.verb == "PUT" else self.verb

    @property
    def phone_number_id(self) -> str | None:
        """Meta's ID of the number that is asked about."""
        return number_of(self._origination_id)

    def perform(
        self,
        numbers: Numbers,
        access: Access,
        *,
        seen: Callable[[Number], Number] = as_it_is,
        publish: Callable[[str, PublicKey], None] | None = None,
    ) -> Answer:
        """See `edge.Performed`. Access tokens are Meta's: AWS asks for none. Raises `AwsError`."""
        del access
        if not self.authorization.startswith(_SIGNED):
            raise AwsError(403, "MissingAuthenticationTokenException", "Missing Authentication Token")
        if self.verb not in ("GET", "PUT"):
            raise AwsError(404, "UnknownOperationException", "The operation is not known.")
        number = self._find(numbers)
        if self.verb == "PUT":
            return self._set_key(number, publish or numbers.publish)
        return _get_key(seen(number))

    @property
    def _origination_id(self) -> str:
        given = self.params.get("originationPhoneNumberId")
        return given if isinstance(given, str) else ""

    def _find(self, numbers: Numbers) -> Number:
        if not _KNOWN_FORM.fullmatch(self._origination_id):
            raise documented_aws_error("ValidationException")
        number = numbers.find(self.phone_number_id or "")
        if number is None or number.deleted:
            raise documented_aws_error("ResourceNotFoundException")
        if not number.registered:
            raise documented_aws_error("AccessDeniedByMetaException")
        return number

    def _set_key(self, number: Number, publish: Callable[[str, PublicKey], None]) -> Answer:
        pem = self.params.get("businessPublicKey")
        if (pem is None) == (self.params.get("kmsKeyArn") is None) or not isinstance(pem, str):
            # With both or neither AWS's guide names this error; that a KMS key gets it is the emulator's limit.
            raise documented_aws_error("InvalidParametersException")
        try:
            key = read_public_key(pem)
        except InvalidPublicKey as error:
            raise documented_aws_error("InvalidParametersException") from error
        publish(number.id, key)
        return Answer(200, None)


def _get_key(number: Number) -> Answer:
    key, status = number.public_key, {"businessPublicKeySignatureStatus": number.signature_status}
    if key is not None:
        return Answer(200, {"businessPublicKey": key.pem, **status})
    by_style = {"blank": {"businessPublicKey": " ", **status}, "absent": status, "empty": {}}
    return Answer(200, by_style[number.no_key])

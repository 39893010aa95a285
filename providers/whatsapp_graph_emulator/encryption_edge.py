"""What `/{version}/{phone-number-id}/whatsapp_business_encryption` does, apart from HTTP.

Source: Meta's OpenAPI description of the edge and the guide "WhatsApp Business Encryption". The order of the checks
(version, token, proof, id, existence, right, method, registration, parameters) is this emulator's own.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from whatsapp_graph_emulator.access import Access
from whatsapp_graph_emulator.answers import Answer, GraphError
from whatsapp_graph_emulator.documented_errors import documented_error, no_encryption_key, unknown_path, unsupported
from whatsapp_graph_emulator.edge import as_it_is
from whatsapp_graph_emulator.number import Number
from whatsapp_graph_emulator.phone_numbers import Numbers
from whatsapp_graph_emulator.public_keys import InvalidPublicKey, PublicKey, read_public_key

EDGE = "whatsapp_business_encryption"
OLDEST_VERSION, NEWEST_VERSION = 20, 26

_KEY = "business_public_key"
_STATUS = "business_public_key_signature_status"


@dataclass(frozen=True)
class Call:
    """One request to the edge: what the path and the headers say, and the parameters of query and body together."""

    method: str
    version: str
    phone_number_id: str
    bearer: str | None = field(repr=False)
    params: Mapping[str, str] = field(repr=False)

    def perform(
        self,
        numbers: Numbers,
        access: Access,
        *,
        seen: Callable[[Number], Number] = as_it_is,
        publish: Callable[[str, PublicKey], None] | None = None,
    ) -> Answer:
        """See `edge.Performed`. Raises `GraphError` where Meta would refuse."""
        _check_version(self)
        token = access.check_token(self.bearer or self.params.get("access_token"))
        access.check_proof(token, self.params)
        number = _find(self, numbers)
        access.check_right(token, number, self.method)
        if self.method not in ("GET", "POST"):
            raise unsupported(self.method, self.phone_number_id)
        if not number.registered:
            raise documented_error(133010)
        if self.method == "POST":
            return _set_key(self, publish or numbers.publish)
        return _get_key(self, seen(number))


def _check_version(call: Call) -> None:
    match = re.fullmatch(r"v([0-9]{1,4})\.0", call.version)
    if not match or not OLDEST_VERSION <= int(match[1]) <= NEWEST_VERSION:
        raise unknown_path(f"{call.phone_number_id}/{EDGE}")


def _find(call: Call, numbers: Numbers) -> Number:
    if not re.fullmatch(r"[0-9]+", call.phone_number_id):
        raise GraphError(400, 100, "Invalid parameter: phone_number_id must be a valid numeric string")
    if call.phone_number_id in numbers.accounts:
        raise no_encryption_key(call.phone_number_id, call.method)
    number = numbers.find(call.phone_number_id)
    if number is None:
        raise unsupported(call.method, call.phone_number_id)
    if number.deleted:
        raise documented_error(33)
    return number


def _set_key(call: Call, publish: Callable[[str, PublicKey], None]) -> Answer:
    text = call.params.get(_KEY)
    if not text:
        raise GraphError(400, 100, f"(#100) The parameter {_KEY} is required")
    try:
        key = read_public_key(text)
    except InvalidPublicKey as error:
        # The OpenAPI description has this text as the message, clients found it in the details: it is in both.
        raise GraphError(
            400,
            100,
            "Business public key is invalid",
            details="Business public key is invalid",
            user_title="Invalid Public Key",
            user_message="The provided public key format is invalid",
        ) from error
    publish(call.phone_number_id, key)
    return Answer(200, {"success": True})


def _get_key(call: Call, number: Number) -> Answer:
    asked = [name for name in call.params.get("fields", "").split(",") if name]
    if not set(asked) <= {_KEY, _STATUS}:
        raise GraphError(
            422, 100, "The requested fields are not available for this phone number", "GraphMethodException"
        )
    entry = {_KEY: number.public_key.pem if number.public_key else " ", _STATUS: number.signature_status}
    if number.public_key is None and number.no_key == "absent":
        del entry[_KEY]
    if asked:
        entry = {name: value for name, value in entry.items() if name in asked}
    entries = [] if number.public_key is None and number.no_key == "empty" else [entry]
    if number.shape == "array":
        return Answer(200, {"data": entries})
    only: dict[str, str] = entries[0] if entries else {}
    return Answer(200, {"data": only} if number.shape == "object" else only)

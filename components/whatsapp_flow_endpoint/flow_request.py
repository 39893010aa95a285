"""What a person did in a form: the decrypted request, typed. Its ``repr`` shows nothing that was typed in."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from whatsapp_flow_keys.errors import FlowMessageError
from whatsapp_flow_keys.flow_protocol.token_signature import is_token_signed

PING = "ping"

ERROR_NAMES = frozenset(
    {
        "business-decryption-error",
        "cannot_be_served",
        "invalid-screen-transition",
        "missing_capability",
        "no_http_response_error",
        "payload-schema-error",
        "public-key-missing",
        "public-key-signiture-verification",
        "response-decryption-error",
        "timeout_error",
        "unexpected_http_status_code",
    }
)
"""Meta's names of errors, in its spelling. Source: Meta, "Flows Webhooks", client and endpoint error rates."""

_WITH_NOTICES = ("INIT", "data_exchange")
_NAMES = ("error", "error_key")
_OF_A_NOTICE = {*_NAMES, "error_message"}


@dataclass(frozen=True)
class FlowRequest:
    """One data exchange. Source: Meta, "Implementing Endpoint for Flows", decrypted payload."""

    version: str
    """Of the data API, as in ``"3.0"``; empty where the request has none."""
    action: str
    """``INIT`` (the form was opened), ``data_exchange`` (a screen was sent), ``BACK``, or ``ping`` (a health check)."""
    screen: str | None = None
    """The screen that was sent or left; None where there is none, as for most of ``INIT``."""
    data: Mapping[str, Any] = field(default_factory=dict, repr=False)
    """What was typed in, or what the Flow's action names; empty where there is none."""
    flow_token: str | None = field(default=None, repr=False)
    """The token that your message gave this form."""
    flow_token_signature: str | None = field(default=None, repr=False)
    """A JWT over the token, by the app secret; Flow JSON 7.3 and data API 4.0 on. See :meth:`token_is_signed_by`."""
    id: str = field(default="", repr=False, compare=False)
    """64 hex digits, the same whenever this very request is sent again, and another for every other request: the
    SHA-256 of what was encrypted. For a handler that must not do the same twice in two processes."""

    phone_number_id: str | None = field(default=None, compare=False)
    """The number that it was sent to: the one whose key opened it. None where several numbers of this endpoint have
    that key, and the service named none."""

    @classmethod
    def read(cls, payload: Any, id_: str = "", phone_number_id: str | None = None) -> "FlowRequest":
        """From the decrypted JSON, its ``id``, and its number. Fields that it doesn't know are left alone.

        Raises :class:`FlowMessageError`, which names the field and its type and quotes nothing of it.
        """
        if not isinstance(payload, Mapping):
            raise FlowMessageError(f"the decrypted data is {_kind(payload)}, not an object")
        return cls(
            version=_text(payload, "version") or "",
            action=_required(payload, "action"),
            screen=_text(payload, "screen"),
            data=_object(payload, "data"),
            flow_token=_text(payload, "flow_token"),
            flow_token_signature=_text(payload, "flow_token_signature"),
            id=id_,
            phone_number_id=phone_number_id,
        )

    def token_is_signed_by(self, *app_secrets: str) -> bool:
        """Whether the flow token is authentic: one that Meta signed with one of these secrets, unchanged since.

        False also where there is no signature, as from an older Flow, since whoever changes a token can leave it out.
        An empty secret is passed over.
        """
        if self.flow_token is None or self.flow_token_signature is None:
            return False
        return is_token_signed(self.flow_token_signature, self.flow_token, filter(None, app_secrets))

    @property
    def error(self) -> str | None:
        """Meta's name of the error if this is an error notice (WhatsApp's client could not use the last answer).

        Its ``data`` holds ``error_message``, too. A form with such fields beside others is not taken for one, unless
        the name is one of Meta's; a form with these two alone can't be told apart from one. Meta's page calls the name
        ``error`` in its sample and ``error_key`` in its table; both are read. Source: Meta, "Implementing Endpoint for
        Flows", error notification request.
        """
        error = next((name for name in map(self.data.get, _NAMES) if isinstance(name, str)), None)
        if self.action not in _WITH_NOTICES or "error_message" not in self.data:
            return None
        return error if error in ERROR_NAMES or self.data.keys() <= _OF_A_NOTICE else None


def _required(payload: Mapping[str, Any], name: str) -> str:
    text = _text(payload, name)
    if not text:
        raise FlowMessageError(f"{name}: is missing in the decrypted data")
    return text


def _text(payload: Mapping[str, Any], name: str) -> str | None:
    value = payload.get(name)
    if value is not None and not isinstance(value, str):
        raise FlowMessageError(f"{name}: is {_kind(value)}, not a string")
    return value


def _object(payload: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = payload.get(name)
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise FlowMessageError(f"{name}: is {_kind(value)}, not an object")
    return value


def _kind(value: object) -> str:
    """What JSON calls it."""
    if isinstance(value, bool):
        return "true or false"
    for type_, name in ((int | float, "a number"), (str, "a string"), (list, "an array"), (Mapping, "an object")):
        if isinstance(value, type_):
            return name
    return "null"

"""What the Graph API and AWS answer: a body and a status, or an error in the envelope of either."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field


def whole(body: bytes) -> Iterable[bytes]:
    """The body in one piece."""
    return [body]


@dataclass(frozen=True)
class Answer:
    """An HTTP answer with a JSON body, or with none. `delivered` gives the pieces in which the body is sent, if it all
    is."""

    status: int
    body: Mapping[str, object] | None
    headers: Mapping[str, str] = field(default_factory=dict)
    delivered: Callable[[bytes], Iterable[bytes]] = whole


class Refusal(Exception):
    """An error that is answered."""

    def answer(self) -> Answer:
        """As its envelope has it."""
        raise NotImplementedError


@dataclass(eq=False)
class GraphError(Refusal):
    """An error in Meta's envelope, "WhatsApp Cloud API error codes":

    `{"error": {"message", "type", "code", "error_subcode", "error_data": {"messaging_product", "details"},
    "error_user_title", "error_user_msg", "is_transient", "fbtrace_id"}}`. Fields that are not set are left out;
    Meta requires only message, type and code.
    """

    status: int
    code: int
    message: str
    type: str = "OAuthException"
    subcode: int | None = None
    details: str | None = None
    user_title: str | None = None
    user_message: str | None = None
    is_transient: bool | None = None
    headers: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.message

    def answer(self) -> Answer:
        error: dict[str, object] = {"message": self.message, "type": self.type, "code": self.code}
        if self.subcode is not None:
            error["error_subcode"] = self.subcode
        if self.details is not None:
            error["error_data"] = {"messaging_product": "whatsapp", "details": self.details}
        if self.user_title is not None:
            error["error_user_title"] = self.user_title
        if self.user_message is not None:
            error["error_user_msg"] = self.user_message
        if self.is_transient is not None:
            error["is_transient"] = self.is_transient
        error["fbtrace_id"] = trace_id()
        return Answer(self.status, {"error": error}, self.headers)


@dataclass(eq=False)
class AwsError(Refusal):
    """An error in the envelope of AWS's REST-JSON protocol: its name in the header `x-amzn-ErrorType`, its words in
    `{"message"}`."""

    status: int
    code: str
    message: str

    def __str__(self) -> str:
        return self.message

    def answer(self) -> Answer:
        return Answer(self.status, {"message": self.message}, {"x-amzn-ErrorType": self.code})


class HangUp(ConnectionError):
    """The connection is to be closed without an answer. A `ConnectionError`, which Werkzeug's request handler takes
    for a dropped connection."""


def trace_id() -> str:
    """An id in the form of Meta's trace ids; it names nothing."""
    return "A" + secrets.token_urlsafe(16)

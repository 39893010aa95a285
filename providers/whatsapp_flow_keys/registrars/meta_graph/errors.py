"""Meta's errors as one tree, from code, subcode and HTTP status, each with the sentence that says what to do.

Sources: Meta's error code page for the WhatsApp Business Platform, its OpenAPI description of the encryption edge,
and the Graph API's rate limit and security pages.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, ClassVar, TypeVar

from whatsapp_flow_keys.registrars.errors import NumberGoneError, RegistrarError, UnconfirmedError, WrongClockError


@dataclass(frozen=True)
class ErrorAnswer:
    """What Meta's error body said. ``retry_after`` is in seconds, from the header or the usage headers."""

    status: int
    code: int | None = None
    subcode: int | None = None
    message: str = ""
    details: str = ""
    trace_id: str = ""
    is_transient: bool = False
    retry_after: float | None = None


_E = TypeVar("_E", bound="GraphError")


class GraphError(RegistrarError):
    """Base of all that can go wrong with a call of the Graph API.

    ``answer`` is what Meta said, or None where no answer came. ``transient``: it may be gone after a while.
    """

    transient: ClassVar[bool] = False
    tries: ClassVar[int] = 1
    """How often a call is made at most when it ends so; the deadline ends it earlier."""
    advice: ClassVar[str] = "Read Meta's message; if it doesn't help, give its trace id to Meta's support."
    """``{settings}`` stands for the namespace of the settings."""
    advice_for_one_of_several: ClassVar[str | None] = None
    """The same for an account that is one of several."""
    advice_by_environment: ClassVar[str | None] = None
    """The same where the settings come from the environment."""

    def __init__(
        self, doing: str, answer: ErrorAnswer | None = None, advice: str | None = None, *, changing: bool = False
    ) -> None:
        """``changing``: the call was to change something at Meta."""
        self.doing = doing
        self.answer = answer
        self.account: str | None = None
        self._advice_given = advice
        self._changing = changing
        super().__init__(doing)

    def __str__(self) -> str:
        return self._sentence()

    def of_account(self: _E, account: str | None) -> _E:
        """This error, with the settings called by the names that they have for one of several accounts."""
        self.account = account
        return self

    @property
    def advice_given(self) -> str:
        """What to do, with the settings by their names."""
        general = (self.account and self.advice_for_one_of_several) or self.advice
        return (self._advice_given or general).format(settings=f"{self.account or 'whatsapp'}:")

    @property
    def may_have_taken_effect(self) -> bool:
        """The call was to change something, and may have done so, or may do so later: only reading shows it."""
        return self._changing and self._leaves_open()

    @property
    def trace_id(self) -> str | None:
        """See :class:`RegistrarError`."""
        return (self.answer.trace_id or None) if self.answer else None

    @property
    def advice_outside_pulumi(self) -> str:
        """See :class:`RegistrarError`."""
        if self.advice_by_environment and self._advice_given is None:
            return self.advice_by_environment
        if self.transient and self.answer is not None:
            return "ask again in a few minutes"
        return self.advice_given.rstrip(".")

    @property
    def found(self) -> str:
        """See :class:`RegistrarError`."""
        if self.may_have_taken_effect:
            return f"did not confirm the call to {self.doing}, which may have taken effect{self._said()}"
        if self.answer is None:
            return f"could not be asked to {self.doing}"
        return f"refused to {self.doing}{self._said()}"

    def _sentence(self) -> str:
        if self.may_have_taken_effect:
            return (
                f"Meta did not confirm the call to {self.doing}: it may have taken effect, and the next run reads "
                f"whether it did. {self.advice_given}{self._said()}"
            )
        if self.answer is None:
            return f"Could not {self.doing}. {self.advice_given}"
        return f"Meta refused to {self.doing}. {self.advice_given}{self._said()}"

    def _said(self) -> str:
        return f" ({_quoted(self.answer)})" if self.answer else ""

    def _leaves_open(self) -> bool:
        """Whether a call that ended so may have had its effect."""
        return type(self) is GraphError and self.answer is not None and self.answer.status >= 500


class AccessTokenError(GraphError):
    """Code 190, 0, and 2500 about the token: it is invalid, expired or revoked."""

    advice = (
        "The access token is not valid (any more): set a system user's token with `pulumi config set --secret "
        "{settings}accessToken`, or in the environment variable WHATSAPP_ACCESS_TOKEN, which `pulumi refresh` and "
        "`pulumi destroy` need when the token in the state is out of date."
    )
    advice_by_environment = "set WHATSAPP_ACCESS_TOKEN to a system user's token that is valid"
    advice_for_one_of_several = (
        "The access token is not valid (any more): set a system user's token with `pulumi config set --secret "
        "{settings}accessToken`, then run `pulumi up`: `pulumi refresh` and `pulumi destroy` use the token of the last "
        "`up`."
    )


class PermissionDeniedError(GraphError):
    """Codes 3, 10, 200 to 299, 131005: the token's app or user may not do this."""

    advice = (
        "The token has no right to this phone number: it needs the permission whatsapp_business_messaging, and its "
        "system user must be assigned to the number's WhatsApp Business account."
    )


class PhoneNumberNotFoundError(GraphError):
    """Code 100 with subcode 33, code 803: no such object, or the token doesn't see it. Meta doesn't tell which.

    Also code 100 about a node type that is not a phone number's: the ID is that of another object.
    """

    advice = (
        "Meta knows no such phone number ID, or the token can't see it. Compare it with the ID in WhatsApp Manager "
        "(not the phone number, not the WhatsApp Business account's ID, not a flow's), and the token's account."
    )


class AppBlockedError(GraphError):
    """Code 200 about API access: Meta blocked or deactivated the app."""

    advice = (
        "The app that the access token belongs to is blocked or deactivated: see its dashboard at Meta, then run again."
    )


class GraphVersionError(GraphError):
    """Code 2500 about the path, which Meta reads so after a wrong version, and 2635, a version that has ended."""

    advice = "Meta does not know this version of the Graph API, or no longer: check {settings}graphVersion."


class PhoneNumberDeletedError(GraphError, NumberGoneError):
    """Code 33: the phone number has been deleted."""

    advice = "The phone number has been deleted at Meta."


class PhoneNumberNotRegisteredError(GraphError):
    """Codes 133010, 131045: the phone number is not registered for the Cloud API."""

    advice = "The phone number must be registered for the Cloud API first (WhatsApp Manager, or the register call)."


class InvalidPublicKeyError(GraphError):
    """Code 100 about the key: Meta takes RSA-2048 as SPKI PEM only."""

    advice = "Meta did not take the public key, which is RSA-2048 as it asks for. Run again; if it stays, ask Meta."


class AppSecretProofError(GraphError):
    """Code 100 about `appsecret_proof`."""

    advice = (
        "The app asks for a proof made with its app secret: set `pulumi config set --secret {settings}appSecret` to "
        "the secret of the app that the access token belongs to."
    )
    advice_by_environment = "set WHATSAPP_APP_SECRET to the secret of the app that the token belongs to"


class InvalidParameterError(GraphError):
    """Codes 100, 131008, 131009: some parameter is not valid."""

    advice = "Meta did not take a parameter: check {settings}graphVersion, and that the phone number can use Flows."


class AccountLockedError(GraphError):
    """Code 131031, an account lock (not a bad key, as some say), and 368, a block for a policy violation."""

    advice = "The WhatsApp Business account is locked or blocked: see Meta Business Support Home, then run again."


class RateLimitError(GraphError):
    """Too many calls: codes 4, 17, 32, 341, 613, 80007, 80008, 130429, and HTTP 429."""

    transient = True
    tries = 8
    advice = "Too many calls were made lately. Nothing is lost: run `pulumi up` again later."


class RegistrationLimitError(GraphError):
    """Codes 133015, 133016: wait minutes to hours."""

    advice = "The phone number was registered or deleted too often or a moment ago. Run `pulumi up` again later."


class ServiceUnavailableError(GraphError):
    """Meta has a fault: codes 2, 131000, 131016, 131057, 133000, 133004, 2494100, and HTTP 5xx."""

    transient = True
    tries = 8
    advice = "Meta has a fault at its side. Nothing is lost: run `pulumi up` again later."

    def _leaves_open(self) -> bool:
        return True


class UnknownFaultError(ServiceUnavailableError):
    """Code 1: maybe an outage, maybe the request; tried twice only."""

    tries = 2


class UnexpectedAnswerError(GraphError):
    """An answer that is not the Graph API's: not JSON, or of another shape."""

    advice = "The answer is not one of Meta's Graph API: check {settings}graphUrl, and any proxy in between."
    advice_by_environment = (
        "The answer is not one of Meta's Graph API: check WHATSAPP_GRAPH_URL, and any proxy in between"
    )

    @property
    def found(self) -> str:
        """See :class:`GraphError`."""
        if self.may_have_taken_effect:
            return super().found
        return f"gave no answer of the Graph API when asked to {self.doing}{self._said()}"

    def _sentence(self) -> str:
        if self.may_have_taken_effect:
            return super()._sentence()
        return f"Could not {self.doing}. {self.advice_given}{self._said()}"

    def _leaves_open(self) -> bool:
        return self.answer is None or self.answer.status < 300 or self.answer.status >= 500


class ClockSkewError(GraphError, WrongClockError):
    """Meta's answer bears a time that is more than an hour from this machine's, by which keys would be kept or let go.

    So the answer is not used: what Meta serves is as good as not known.
    """

    what_to_do: ClassVar[str] = (
        "By its dates keys would be kept or let go wrongly. Reading changed nothing, and no key is lost: set this "
        "machine's clock, then run again."
    )
    advice = f"This machine's clock is more than an hour off. {what_to_do}"

    @classmethod
    def of(cls, doing: str, ahead: timedelta) -> "ClockSkewError":
        """The error that says how far this machine's clock is ahead of Meta's, or behind it where that is negative."""
        how = "ahead of" if ahead > timedelta() else "behind"
        return cls(doing, advice=f"This machine's clock is {_in_words(abs(ahead))} {how} Meta's. {cls.what_to_do}")

    @property
    def found(self) -> str:
        """See :class:`RegistrarError`."""
        return f"gave another time than this machine's when asked to {self.doing}"


class UnreachableError(GraphError):
    """No connection, so the call had no effect."""

    transient = True
    tries = 8
    advice = "The Graph API can't be reached: check the network and {settings}graphUrl, then run again."
    advice_by_environment = "The Graph API can't be reached: check the network and WHATSAPP_GRAPH_URL, then run again"


class AnswerLostError(GraphError, UnconfirmedError):
    """The call was sent and no answer came: it may have taken effect, or may do so later. Read, then decide."""

    transient = True
    advice = "No answer came. Nothing is lost: run `pulumi up` again."

    @property
    def may_have_taken_effect(self) -> bool:
        """True."""
        return True


_BY_CODE: Mapping[int, type[GraphError]] = {
    0: AccessTokenError,
    190: AccessTokenError,
    3: PermissionDeniedError,  # HTTP 500, yet a lack of capability: never tried again
    10: PermissionDeniedError,
    131005: PermissionDeniedError,
    803: PhoneNumberNotFoundError,
    33: PhoneNumberDeletedError,
    131045: PhoneNumberNotRegisteredError,
    133010: PhoneNumberNotRegisteredError,
    100: InvalidParameterError,
    131008: InvalidParameterError,
    131009: InvalidParameterError,
    131031: AccountLockedError,
    368: AccountLockedError,
    2635: GraphVersionError,
    **dict.fromkeys((4, 17, 32, 341, 613, 80007, 80008, 130429), RateLimitError),
    **dict.fromkeys((133015, 133016), RegistrationLimitError),
    1: UnknownFaultError,
    **dict.fromkeys((2, 131000, 131016, 131057, 133000, 133004, 2494100), ServiceUnavailableError),
}


def error_for(doing: str, answer: ErrorAnswer, *, changing: bool = False) -> GraphError:
    """The typed error for an error answer. ``doing`` is what was tried, as in "read the key of phone number 1";
    ``changing``: it was tried to change something."""
    advice = None
    if node := _other_node(answer):
        advice = f"The ID is that of a {node}, not of a phone number: take the phone number ID from WhatsApp Manager."
    return _class_of(answer)(doing, answer, advice, changing=changing)


def _other_node(answer: ErrorAnswer) -> str | None:
    """The kind of object that the ID belongs to, where Meta says that it has no encryption key."""
    node = re.search(r"on node type \((\w{1,60})\)", answer.message) if answer.code == 100 else None
    return node[1] if node and "PhoneNumber" not in node[1] else None


def _class_of(answer: ErrorAnswer) -> type[GraphError]:
    code = answer.code
    said = f"{answer.message} {answer.details}".lower()
    if code == 100 and (answer.subcode == 33 or _other_node(answer)):
        return PhoneNumberNotFoundError
    if code == 100 and "appsecret_proof" in said:
        return AppSecretProofError
    if code == 100 and "public key" in said:
        return InvalidPublicKeyError
    if code == 200 and "api access" in said:
        return AppBlockedError
    if code == 2500 and "unknown path components" in said:
        return GraphVersionError
    if code == 2500 and "access token" in said:
        return AccessTokenError
    if code is not None and 200 <= code <= 299:
        return PermissionDeniedError
    if code is not None and code in _BY_CODE:
        return _BY_CODE[code]
    if answer.status == 429:
        return RateLimitError
    if answer.is_transient or (code is None and answer.status >= 500):
        return ServiceUnavailableError
    return GraphError if code is not None else UnexpectedAnswerError


def _quoted(answer: ErrorAnswer) -> str:
    code = "" if answer.code is None else f"code {answer.code}" + (f"/{answer.subcode}" if answer.subcode else "")
    said = answer.details or answer.message
    parts = [f"Meta said: {said}" if said else "", code, f"HTTP {answer.status}"]
    parts += [f"asks to wait {answer.retry_after:.0f} s"] if answer.retry_after else []
    parts += [f"trace {answer.trace_id}"] if answer.trace_id else []
    return ", ".join(part for part in parts if part)


def _in_words(duration: timedelta) -> str:
    for unit, name in ((timedelta(days=1), "days"), (timedelta(hours=1), "hours")):
        if duration >= 2 * unit:
            return f"{duration // unit} {name}"
    return f"{duration // timedelta(minutes=1)} minutes"


def is_error_body(body: Any) -> bool:
    """True for Meta's error envelope, ``{"error": {…}}``."""
    return isinstance(body, dict) and isinstance(body.get("error"), dict)

"""Meta's errors as one tree, each with the sentence that says what to do. Which answer is which is in `meanings`."""

from dataclasses import dataclass
from datetime import timedelta
from typing import ClassVar, TypeVar

from whatsapp_flow_keys.registrars.answer_time import SET_THE_CLOCK, clock_is_off
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
    cause: ClassVar[str] = ""
    """What is wrong, where Meta's answer says no more than the kind."""
    advice: ClassVar[str] = "Read Meta's message; if it doesn't help, give its trace id to Meta's support."
    """``{settings}`` stands for the namespace of the settings, ``{cause}`` for what is wrong."""
    advice_for_one_of_several: ClassVar[str | None] = None
    """The same for an account that is one of several."""
    advice_by_environment: ClassVar[str | None] = None
    """The same where the settings come from the environment."""

    def __init__(
        self,
        doing: str,
        answer: ErrorAnswer | None = None,
        advice: str | None = None,
        *,
        cause: str | None = None,
        changing: bool = False,
    ) -> None:
        """``advice`` and ``cause``: in place of the kind's own. ``changing``: the call was to change something."""
        self.doing = doing
        self.answer = answer
        self.account: str | None = None
        self._advice_given = advice
        self._cause = cause or self.cause
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
        return self._filled(self._advice_given or general)

    @property
    def may_have_taken_effect(self) -> bool:
        """The call was to change something, and may have done so, or may do so later: only reading shows it."""
        return self._changing and self._leaves_open()

    @property
    def retry_after(self) -> float | None:
        """See :class:`RegistrarError`."""
        return self.answer.retry_after if self.answer else None

    @property
    def trace_id(self) -> str | None:
        """See :class:`RegistrarError`."""
        return (self.answer.trace_id or None) if self.answer else None

    @property
    def advice_outside_pulumi(self) -> str:
        """See :class:`RegistrarError`."""
        if self.advice_by_environment and self._advice_given is None:
            return self._filled(self.advice_by_environment)
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

    def _filled(self, advice: str) -> str:
        return advice.format(settings=f"{self.account or 'whatsapp'}:", cause=self._cause)

    def _said(self) -> str:
        return f" ({_quoted(self.answer)})" if self.answer else ""

    def _leaves_open(self) -> bool:
        """Whether a call that ended so may have had its effect."""
        return type(self) is GraphError and self.answer is not None and self.answer.status >= 500


class AccessTokenError(GraphError):
    """The access token is invalid, expired or revoked."""

    cause = "The access token is not valid, or no longer"
    advice = (
        "{cause}: set a system user's token with `pulumi config set --secret {settings}accessToken`, or in the "
        "environment variable WHATSAPP_ACCESS_TOKEN, which `pulumi refresh` and `pulumi destroy` need when the token "
        "in the state is out of date."
    )
    advice_by_environment = "{cause}: set WHATSAPP_ACCESS_TOKEN to a system user's token that is valid"
    advice_for_one_of_several = (
        "{cause}: set a system user's token with `pulumi config set --secret {settings}accessToken`, then run `pulumi "
        "up`: `pulumi refresh` and `pulumi destroy` use the token of the last `up`."
    )


class PermissionDeniedError(GraphError):
    """The token's app or user may not do this."""

    cause = "The token has no right to this phone number"
    advice = (
        "{cause}. The token needs the permission whatsapp_business_messaging, and its system user must be assigned to "
        "the number's WhatsApp Business account."
    )


class CapabilityError(GraphError):
    """The app may not make such calls, whatever its token's permissions."""

    advice = (
        "The app that the access token belongs to may not make this call: in its dashboard at Meta add the product "
        "WhatsApp, and for a number of another business get Advanced Access to whatsapp_business_messaging."
    )


class PhoneNumberNotFoundError(GraphError):
    """There is no such phone number, or the token doesn't see it, which Meta doesn't tell apart; or the ID is that of
    another object."""

    cause = "Meta knows no such phone number ID, or the token can't see it"
    advice = (
        "{cause}. Compare it with the ID in WhatsApp Manager (not the phone number, not the WhatsApp Business "
        "account's ID, not a flow's), and the token's account."
    )


class AppBlockedError(GraphError):
    """Meta blocked or deactivated the app."""

    advice = (
        "The app that the access token belongs to is blocked or deactivated: see its dashboard at Meta, then run again."
    )


class GraphVersionError(GraphError):
    """The version of the Graph API in the call doesn't exist, or has ended."""

    cause = "Meta does not know this version of the Graph API"
    advice = "{cause}: check {settings}graphVersion; where it is not set, upgrade whatsapp-flow-encryption."
    advice_by_environment = "{cause}: upgrade whatsapp-flow-encryption, and check WHATSAPP_GRAPH_URL"


class PhoneNumberDeletedError(GraphError, NumberGoneError):
    """The phone number has been deleted."""

    advice = "The phone number has been deleted at Meta: take it out of the program, which deletes its keys."


class PhoneNumberNotRegisteredError(GraphError):
    """The phone number is not registered for the Cloud API."""

    advice = "The phone number must be registered for the Cloud API first (WhatsApp Manager, or the register call)."


class InvalidPublicKeyError(GraphError):
    """Meta does not take the key: it takes RSA-2048 as SPKI PEM only."""

    advice = "Meta did not take the public key, which is RSA-2048 as it asks for. Run again; if it stays, ask Meta."


class AppSecretProofError(GraphError):
    """The ``appsecret_proof`` is missing or wrong."""

    cause = "The app asks for a proof made with its app secret"
    advice = (
        "{cause}: set `pulumi config set --secret {settings}appSecret` to the secret of the app that the access token "
        "belongs to."
    )
    advice_by_environment = "{cause}: set WHATSAPP_APP_SECRET to the secret of the app that the token belongs to"


class InvalidParameterError(GraphError):
    """Some parameter is not valid."""

    advice = "Meta did not take a parameter: check {settings}graphVersion, and that the phone number can use Flows."
    advice_by_environment = "Meta did not take a parameter: check that the phone number can use Flows"


class AccountLockedError(GraphError):
    """Meta locked or blocked the account. Code 131031 is this, and not a bad key, as some say."""

    cause = "The WhatsApp Business account is locked"
    advice = "{cause}: see Meta Business Support Home, then run again."


class RateLimitError(GraphError):
    """Too many calls."""

    transient = True
    tries = 8
    advice = "Too many calls were made lately. Nothing is lost: run `pulumi up` again later."


class RegistrationLimitError(GraphError):
    """The number was registered or deleted too often, or a moment ago. That ends after minutes or hours."""

    advice = "The phone number was registered or deleted too often or a moment ago. Run `pulumi up` again later."
    advice_by_environment = (
        "The phone number was registered or deleted too often or a moment ago: ask again in a few minutes"
    )


class ServiceUnavailableError(GraphError):
    """Meta has a fault."""

    transient = True
    tries = 8
    advice = "Meta has a fault at its side. Nothing is lost: run `pulumi up` again later."

    def _leaves_open(self) -> bool:
        return True


class UnknownFaultError(ServiceUnavailableError):
    """Meta has a fault, or the request has one: its code says no more."""

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

    advice = f"This machine's clock is more than an hour off. {SET_THE_CLOCK}"

    @classmethod
    def of(cls, doing: str, ahead: timedelta) -> "ClockSkewError":
        """The error that says how far this machine's clock is ahead of Meta's, or behind it where that is negative."""
        return cls(doing, advice=clock_is_off(ahead, "Meta's"))

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


def _quoted(answer: ErrorAnswer) -> str:
    code = "" if answer.code is None else f"code {answer.code}" + (f"/{answer.subcode}" if answer.subcode else "")
    said = answer.details or answer.message
    parts = [f"Meta said: {said}" if said else "", code, f"HTTP {answer.status}"]
    parts += [f"asks to wait {answer.retry_after:.0f} s"] if answer.retry_after else []
    parts += [f"trace {answer.trace_id}"] if answer.trace_id else []
    return ", ".join(part for part in parts if part)

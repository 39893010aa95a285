"""The errors of AWS End User Messaging Social as one tree. Which answer is which is in `meanings`."""

from dataclasses import dataclass
from datetime import timedelta
from typing import ClassVar

from whatsapp_flow_keys.registrars.answer_time import clock_is_off
from whatsapp_flow_keys.registrars.errors import RegistrarError, UnconfirmedError, WrongClockError


@dataclass(frozen=True)
class AwsAnswer:
    """What AWS said no by.

    Args:
        status: the HTTP status.
        code: AWS's name of the error.
        message: AWS's words, as they may be quoted.
        request_id: AWS's name for its answer.
    """

    status: int
    code: str = ""
    message: str = ""
    request_id: str = ""


class AwsSocialError(RegistrarError):
    """Base of all that can go wrong with a call of AWS End User Messaging Social.

    Args:
        doing: what the call was for, as in "read the public key of phone number 1".
        said: what is wrong and what to do; without a full stop.
        answer: what AWS answered; None where no answer came.
        changing: the call was to change something.
    """

    transient: ClassVar[bool] = False

    def __init__(self, doing: str, said: str, answer: AwsAnswer | None = None, *, changing: bool = False) -> None:
        self.doing = doing
        self.said = said
        self.answer = answer
        self._changing = changing
        super().__init__(doing)

    def __str__(self) -> str:
        if self.may_have_taken_effect:
            return (
                f"AWS did not confirm the call to {self.doing}: it may have taken effect, and the next run reads "
                f"whether it did. {self._advice}{self._quoted()}"
            )
        if self.answer is None:
            return f"Could not {self.doing} through AWS. {self._advice}"
        return f"AWS refused to {self.doing}. {self._advice}{self._quoted()}"

    @property
    def may_have_taken_effect(self) -> bool:
        """See :class:`RegistrarError`."""
        return self._changing and self._leaves_open()

    @property
    def trace_id(self) -> str | None:
        """AWS's request ID."""
        return (self.answer.request_id or None) if self.answer else None

    @property
    def found(self) -> str:
        """See :class:`RegistrarError`."""
        if self.may_have_taken_effect:
            return f"did not confirm, through AWS, the call to {self.doing}, which may have taken effect"
        if self.answer is None:
            return f"could not be asked through AWS to {self.doing}"
        return f"was not asked: AWS refused to {self.doing}{self._quoted()}"

    @property
    def advice_outside_pulumi(self) -> str:
        """See :class:`RegistrarError`."""
        return "ask again in a few minutes" if self.transient and self.answer is not None else self.said

    @property
    def _advice(self) -> str:
        return f"{self.said[:1].upper()}{self.said[1:]}."

    def _quoted(self) -> str:
        if self.answer is None:
            return ""
        parts = [f"AWS said: {self.answer.message}" if self.answer.message else ""]
        parts += [] if self.answer.code in self.said else [self.answer.code]
        parts += [f"HTTP {self.answer.status}"] if self.answer.status else []
        parts += [f"request {self.answer.request_id}"] if self.answer.request_id else []
        return f" ({', '.join(part for part in parts if part)})"

    def _leaves_open(self) -> bool:
        """Whether a call that ended so may have had its effect."""
        return type(self) is AwsSocialError and self.answer is not None and self.answer.status >= 500


class AwsCredentialsError(AwsSocialError):
    """There are no AWS credentials, they have expired, or AWS doesn't know them."""


class AwsPermissionError(AwsSocialError):
    """AWS knows who asks and doesn't allow it: a policy."""


class AwsNumberNotFoundError(AwsSocialError):
    """AWS knows no such phone number in this region and account. It is no evidence that the number was deleted."""


class AwsDeniedByMetaError(AwsSocialError):
    """AWS may not act for this number at Meta, or Meta refused."""


class AwsParameterError(AwsSocialError):
    """AWS doesn't take a parameter: the ID, or the public key."""


class AwsThrottledError(AwsSocialError):
    """Too many calls."""

    transient = True
    tries = 8


class AwsFaultError(AwsSocialError):
    """AWS has a fault, or what it asks in turn has one: Meta."""

    transient = True
    tries = 8

    def _leaves_open(self) -> bool:
        return True


class AwsUnexpectedAnswerError(AwsSocialError):
    """An answer that is not one of AWS End User Messaging Social, or not a public key."""

    def _leaves_open(self) -> bool:
        return self.answer is None or self.answer.status < 300 or self.answer.status >= 500


class AwsClockError(AwsSocialError, WrongClockError):
    """By AWS's clock this machine's is wrong: AWS refused the signature's time, or the answer bears another."""

    @classmethod
    def of(cls, doing: str, ahead: timedelta) -> "AwsClockError":
        """The error that says how far this machine's clock is ahead of AWS's, or behind it where that is negative."""
        return cls(doing, clock_is_off(ahead, "AWS's").rstrip("."))


class AwsUnreachableError(AwsSocialError):
    """No connection, or no answer to a question, so the call had no effect."""

    transient = True
    tries = 8


class AwsMisconfiguredError(AwsSocialError):
    """Something on this machine kept the call from being sent: an endpoint of plain HTTP, a proxy, a CA."""


class AwsAnswerLostError(AwsSocialError, UnconfirmedError):
    """The call was sent and no answer came: it may have taken effect, or may do so later. Read, then decide."""

    transient = True

    @property
    def may_have_taken_effect(self) -> bool:
        """True."""
        return True

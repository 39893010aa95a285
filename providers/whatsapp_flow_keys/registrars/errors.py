"""What can go wrong with a call to a registrar, by what the lifecycle does then. Each kind has its own tree below."""

from typing import ClassVar

from whatsapp_flow_keys.errors import FlowKeysError


class RegistrarError(FlowKeysError):
    """The registrar could not be asked, or refused."""

    tries: ClassVar[int] = 1
    """How often a call is made at most when it ends so; the deadline ends it earlier."""

    @property
    def may_have_taken_effect(self) -> bool:
        """The call was to change something, and may have done so, or may do so later: only reading shows it."""
        return False

    @property
    def retry_after(self) -> float | None:
        """For how many seconds the registrar asks to wait."""
        return None

    @property
    def trace_id(self) -> str | None:
        """The registrar's name for its answer; None where there is none."""
        return None

    @property
    def found(self) -> str:
        """What may follow the registrar's name: the sentence without its advice."""
        return "could not be asked"

    @property
    def advice_outside_pulumi(self) -> str:
        """What to do, for somebody who runs another command than `pulumi`; without a full stop."""
        return "try again"


class UnconfirmedError(RegistrarError):
    """The call was sent and no answer came: read, then it may be sent again."""


class NumberGoneError(RegistrarError):
    """The number itself was deleted: nothing can be served for it any more."""


class WrongClockError(RegistrarError):
    """The answer's time is so far from this machine's that nothing may be decided by either."""

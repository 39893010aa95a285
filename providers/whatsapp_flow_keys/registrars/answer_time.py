"""The time that a registrar's answer bears. Where it is not this machine's, nothing may be decided by either."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from whatsapp_flow_keys.clock import SystemClock

LARGEST_SKEW = timedelta(hours=1)
SET_THE_CLOCK = (
    "By its dates keys would be kept or let go wrongly. Reading changed nothing, and no key is lost: set this "
    "machine's clock, then run again."
)


def skew_in(headers: Mapping[str, str]) -> timedelta | None:
    """How far this machine's clock is ahead of the answer's ``Date``, or behind it where that is negative.

    None where they agree, whatever clock a caller goes by, or the answer bears no date.
    """
    date = _time_of(headers)
    if date is None:
        return None
    ahead = SystemClock().now() - date
    return ahead if abs(ahead) > LARGEST_SKEW else None


def clock_is_off(ahead: timedelta, whose: str) -> str:
    """The sentence that says so. ``whose``: the other clock's owner, as in ``Meta's``."""
    how = "ahead of" if ahead > timedelta() else "behind"
    return f"This machine's clock is {_in_words(abs(ahead))} {how} {whose}. {SET_THE_CLOCK}"


def _time_of(headers: Mapping[str, str]) -> datetime | None:
    """What the answer's ``Date`` says (RFC 9110), or None where there is none or it can't be read."""
    try:
        date = parsedate_to_datetime(headers.get("Date", ""))
    except (ValueError, TypeError, OverflowError):
        return None
    return date if date.tzinfo else date.replace(tzinfo=UTC)


def _in_words(duration: timedelta) -> str:
    for unit, name in ((timedelta(days=1), "days"), (timedelta(hours=1), "hours")):
        if duration >= 2 * unit:
            return f"{duration // unit} {name}"
    return f"{duration // timedelta(minutes=1)} minutes"

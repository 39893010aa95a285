"""Why a resource will change, in one line for a person who reads a preview: what the properties alone don't tell.

Pure functions of what a diff is given. A provider sees plain values and can't know which of them a program calls
secret, so a line quotes only what can't be: fingerprints, dates, the phone number and its stores.
"""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from whatsapp_flow_keys.custody.services import RING
from whatsapp_flow_keys.fingerprint import short
from whatsapp_flow_keys.lifecycle.findings import IN_PLACE, NOTHING
from whatsapp_flow_keys.registrars.registrar import VALID
from whatsapp_flow_keys.resources.given_key import EXISTING_KEY
from whatsapp_flow_keys.resources.moves import is_moved
from whatsapp_flow_keys.resources.properties import KeyInputs, KeyState, RegistrationInputs, RegistrationState
from whatsapp_flow_keys.resources.schema import is_known
from whatsapp_flow_keys.stores.urls import is_same_place

SOON = timedelta(days=14)
"""How long before a rotation falls due a preview says so."""

_A_DAY = timedelta(days=1)  # no two right clocks are further apart
_NONE_GOES = ". The row `delete original` deletes no key"
"""The engine's rows say otherwise of a replacement."""
_RECORDED_ONLY = ("force_destroy", "managed_by", "rotate_after_days", "passphrase_is_generated")


def why_key_changes(
    olds: KeyState, news: KeyInputs, replaces: Sequence[str], updates: Sequence[str], waiting: Sequence[str]
) -> str | None:
    """Of an EncryptionKey. ``replaces`` and ``updates``: the properties that ask for it; ``waiting``: those that would
    replace it, but for an update that goes first."""
    number = f"phone number {olds.phone_number_id}"
    if "phone_number_id" in replaces:
        return (
            f"{number}: the program now names {_shown(news.phone_number_id)} instead, which gets a key of its own. "
            f"The old number's key stays registered; its key ring will be deleted at the end, unless a key that Meta "
            f"serves would be lost with it"
        )
    if EXISTING_KEY in replaces:
        return f"{number}: the key given as {EXISTING_KEY} will take the place of key {_short(olds)}{_NONE_GOES}"
    if replaces:
        why = _why_rotated(olds, news, replaces)
        return f"{number}: rotation, {why}. A new key will take the place of key {_short(olds)}{_NONE_GOES}"
    return _why_updated(number, olds, news, updates, waiting)


def when_rotation_falls_due(olds: KeyState, news: KeyInputs, today: date) -> str | None:
    """Where nothing changes yet: the day of a rotation that is near, or that a wrong clock has put far off.

    Near is within :data:`SOON`. A key's date that is later than tomorrow was written by a clock that was ahead, or is
    read by one that is behind.
    """
    days, issued_on = news.rotate_after_days, olds.issued_on
    if not isinstance(days, int | float) or not isinstance(issued_on, str):
        return None
    issued, number = date.fromisoformat(issued_on), f"phone number {olds.phone_number_id}"
    due = issued + timedelta(int(days))
    if issued > today + _A_DAY:
        return (
            f"{number}: key {_short(olds)} is dated {issued}, but this machine's date is {today}, so a clock is or was "
            f"wrong. A rotation falls due on {due} only; a new rotation_trigger rotates now"
        )
    if not today < due <= today + SOON:
        return None
    left = (due - today).days
    return (
        f"{number}: a rotation falls due in {left} day{'s' if left > 1 else ''}, on {due}; the first `pulumi up` from "
        f"then on does it"
    )


def why_registration_changes(olds: RegistrationState, news: RegistrationInputs, *, is_new: bool) -> str | None:
    """Of a KeyRegistration, as far as its key is known in the preview. ``is_new``: this run has made the key, so that
    it isn't published yet needs no reason."""
    number, desired, proven = f"phone number {olds.phone_number_id}", news.fingerprint, olds.proven_fingerprint
    if not is_known(desired) or news.phone_number_id != olds.phone_number_id:
        return None
    wanted = f"key {short(desired)}"
    if olds.foreign_fingerprint == NOTHING:
        return f"{number}: Meta serves no key. {wanted.capitalize()} will be published there again"
    if olds.foreign_fingerprint == desired:
        return (
            f"{number}: Meta serves {wanted}, but no store that this stack knows held its private key at the last "
            f"refresh. Nothing can be registered before a store holds it again; else rotate"
        )
    if olds.foreign_fingerprint not in (None, olds.fingerprint):
        return (
            f"{number}: Meta serves key {short(olds.foreign_fingerprint)}, which is not in this key ring: somebody "
            f"else published it. {wanted.capitalize()} will be published over it"
        )
    if is_new:
        return None
    if olds.foreign_fingerprint:  # this stack's own, which is lost
        return (
            f"{number}: Meta serves key {short(olds.foreign_fingerprint)}, whose private key no store held at the last "
            f"refresh. {wanted.capitalize()} will be published in its place"
        )
    if proven is not None and proven != desired:
        staged = f"{wanted} was staged by an earlier run. It will be published in place of key {short(proven)}"
        return f"{number}: {staged}{_NONE_GOES}"
    if olds.signature_status not in (None, VALID):
        return (
            f"{number}: Meta says {olds.signature_status}: the number was registered again, or has no key. "
            f"{wanted.capitalize()} will be published once more"
        )
    if olds.key_ring not in (None, IN_PLACE):
        return f"{number}: {olds.key_ring}. This will be brought in line"
    if proven is None:
        return f"{number}: {wanted} is not proven at Meta yet; its registration will be finished"
    return None


def _why_rotated(olds: KeyState, news: KeyInputs, replaces: Sequence[str]) -> str:
    if "custody" in replaces:
        where = "lie in the key ring" if news.custody == RING else f"be made and held by {news.custody}"
        return f"since its private key is to {where}"
    if "rotation_trigger" in replaces:
        return "asked for by a new rotation_trigger"
    return f"due: the key of {olds.issued_on} has had its {int(news.rotate_after_days or 0)} days"


def _why_updated(
    number: str, olds: KeyState, news: KeyInputs, updates: Sequence[str], waiting: Sequence[str]
) -> str | None:
    reasons: list[str] = []
    if "registrar" in updates:
        reasons.append(
            f"its public key will be registered through {_shown(news.asked_through)} and not {olds.asked_through!r}"
        )
    if is_moved(olds, news):
        reasons.append(f"its keys will move from {'the stack' if olds.in_stack else olds.store} to {news.store}")
    if is_known(news.backups):
        new = [url for url in news.backups if not any(is_same_place(url, old) for old in olds.backups)]
        reasons += [f"every key will be copied to {url}" for url in new if not is_same_place(url, olds.store)]
        reasons += [f"{url} will no longer be kept up to date" for url in _left_out(olds, news)]
    if "passphrase" in updates and news.passphrase is None:
        reasons.append("the passphrase goes away: its keys will lie in the store in the clear")
    elif "passphrase" in updates:
        reasons.append(
            "its keys will be encrypted with the new passphrase where `deploy=` hands it to the endpoint, otherwise by "
            "the next rotation"
        )
    reasons += [f"{name} will be recorded" for name in _RECORDED_ONLY if name in updates]
    if not reasons:
        return None
    return f"{number}: key {_short(olds)} stays; {'; '.join(reasons)}{_what_waits(waiting)}"


def _left_out(olds: KeyState, news: KeyInputs) -> list[str]:
    kept = [news.store, *news.backups]
    return [old for old in olds.backups if not any(is_same_place(old, url) for url in kept)]


def _what_waits(waiting: Sequence[str]) -> str:
    what = "adoption" if EXISTING_KEY in waiting else "rotation"
    return f". The {what} will wait for the next `pulumi up`" if waiting else ""


def _shown(value: Any) -> str:
    return repr(value) if is_known(value) else "a value that is known later"


def _short(olds: KeyState) -> str:
    return short(str(olds.fingerprint))

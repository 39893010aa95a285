"""Promise P5: a served key that is in no slot of our ring is published over only if somebody said so."""

from collections.abc import Collection

from whatsapp_flow_keys.errors import ForeignKeyError
from whatsapp_flow_keys.ring import KeyRing


def refuse_foreign_key(served: str | None, ring: KeyRing, *, replaceable: Collection[str], last: str = "") -> None:
    """Raises :class:`ForeignKeyError`; see :func:`foreign_key_error`."""
    error = foreign_key_error(served, ring, replaceable=replaceable, last=last)
    if error:
        raise error


def foreign_key_error(
    served: str | None, ring: KeyRing, *, replaceable: Collection[str], last: str = "", refresh_helps: bool = False
) -> ForeignKeyError | None:
    """The error if ``served`` is in no slot of ``ring`` and not named as replaceable.

    ``last`` is said last: a rare way on. ``refresh_helps``: here, drift that a refresh recorded counts.
    """
    if served is None or served in ring or served in replaceable:
        return None
    by_refresh = "run `pulumi up --refresh` to see it as drift and replace it, or " if refresh_helps else ""
    return ForeignKeyError(
        f"phone number {ring.phone_number_id}: Meta serves a public key already that is not in this key ring "
        f"(fingerprint {served}). Nothing was changed: forms that people fill in now need its private key. If you have "
        f"that, adopt it: give it as `existing_private_key`. If another place holds it, name that in `backups`. If the "
        f'key may go, {by_refresh}set take_over="{served}"{last}'
    )


def refuse_other_key(adopted: str, served: str | None, ring: KeyRing, *, replaceable: Collection[str]) -> None:
    """Raises :class:`ForeignKeyError` if a key that is to be adopted is not the one that Meta serves; or, where Meta
    serves none, not the current one of a ring that has one. ``replaceable`` names what may be published over."""
    live = served or (ring.current.fingerprint if ring.current else None)
    if live in (None, adopted) or live in replaceable:
        return
    where = "Meta serves" if served else "Meta serves no key, and current in this key ring is"
    raise ForeignKeyError(
        f"existing_private_key: holds key {adopted}, but {where} {live} for phone number {ring.phone_number_id}. "
        f"Nothing was changed. Give the private key of that one; or leave existing_private_key out, if the ring has "
        f'moved on; or, if that key may go, set take_over="{live}"'
    )

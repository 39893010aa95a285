"""Promise P5: a served key that is in no slot of our ring is published over only if somebody said so."""

from collections.abc import Collection

from whatsapp_flow_keys.errors import ForeignKeyError
from whatsapp_flow_keys.ring import KeyRing


def refuse_foreign_key(
    served: str | None, ring: KeyRing, *, replaceable: Collection[str], first: str = "", refresh_helps: bool = False
) -> None:
    """Raises :class:`ForeignKeyError` if ``served`` is in no slot of ``ring`` and not named as replaceable.

    ``first`` is said first: a way on that costs no key. ``refresh_helps``: here, drift that a refresh recorded counts.
    """
    if served is None or served in ring or served in replaceable:
        return
    by_refresh = "run `pulumi up --refresh` to see it as drift and replace it, or " if refresh_helps else ""
    raise ForeignKeyError(
        f"{first}phone number {ring.phone_number_id}: Meta serves a public key that is not in this key ring "
        f"(fingerprint {served}). Forms that people fill in now need its private key, so nothing was changed. If "
        f"another place holds that key, name it in `backups`; if that key may go, "
        f'{by_refresh}set take_over="{served}"'
    )

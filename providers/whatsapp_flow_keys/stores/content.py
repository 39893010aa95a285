"""The text that a store holds and the ring in it: the rules that all stores share."""

from whatsapp_flow_keys import document
from whatsapp_flow_keys.errors import RingTooLargeError, StoreConflictError, StoreUnavailableError
from whatsapp_flow_keys.ring import KeyRing


def ring_in(text: str, where: str) -> KeyRing | None:
    """The ring in a store's text; None in one that is blank, as a secret made by a platform team may be.

    Raises :class:`ForeignDocumentError` for anything else.
    """
    return document.load(text, where) if text.strip() else None


def text_of(ring: KeyRing, where: str, limit: int) -> str:
    """The document of ``ring``. Raises :class:`RingTooLargeError` where it has more than ``limit`` bytes of UTF-8."""
    text = document.dump(ring)
    size = len(text.encode())
    if size > limit:
        raise RingTooLargeError(
            where,
            f"the key ring has {size} bytes with its {len(ring.keys)} keys, and the store takes {limit}; "
            f"nothing was written. A key leaves the ring 24 hours after it was last offered to Meta: rotate again "
            f"after that, or move to a store that takes more",
        )
    return text


def lost_race(where: str) -> StoreConflictError:
    """The error for a write that came second."""
    return StoreConflictError(where, "somebody else wrote it meanwhile; nothing was overwritten. Run again")


def lost_deletion(where: str) -> StoreConflictError:
    """The error for a deletion of what somebody else wrote since it was read."""
    return StoreConflictError(where, "somebody else wrote it meanwhile, so it was not deleted. Run again")


def never_made(where: str) -> StoreUnavailableError:
    """The error for a secret that was given by ``secret_id=`` and is not there."""
    return StoreUnavailableError(
        where,
        "there is no such secret, and one that is given by secret_id= is never made here. Ask the team that it belongs "
        "to, or give name= for one of this stack's own",
    )


def left_in_place(where: str) -> str:
    """The sentence for a secret that was given by ``secret_id=``, and so is not deleted."""
    return f"{where}: was given by secret_id=, so it stays with the private keys in it"

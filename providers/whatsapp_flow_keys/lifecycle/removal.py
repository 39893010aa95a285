"""Removal: a ring is deleted only if that loses no key which Meta serves."""

from collections.abc import Sequence
from dataclasses import dataclass

from whatsapp_flow_keys.errors import DeletionRefusedError, StoreError
from whatsapp_flow_keys.graph.client import Graph
from whatsapp_flow_keys.graph.errors import GraphError, PhoneNumberDeletedError
from whatsapp_flow_keys.lifecycle.rings import Claim
from whatsapp_flow_keys.ring import KeyRing
from whatsapp_flow_keys.stores.store import Store

_RETAIN = " To keep the document and forget the resource, set retain_on_delete."  # in the stack it would be lost


@dataclass(frozen=True)
class Force:
    """A person's word that a key may be lost: recorded as ``force_destroy``, or by the served key's ``fingerprint``.

    Where Meta can't be asked, the fingerprint of any key of the ring will do.
    """

    recorded: bool = False
    fingerprint: str | None = None


def remove_from_store(claim: Claim, store: Store, backups: Sequence[Store], *, graph: Graph, force: Force) -> None:
    """Deletes the document that the resource with ``claim.owner`` owns; another owner's is left alone.

    Backups are never deleted. Raises :class:`DeletionRefusedError`; then nothing was deleted.
    """
    ring = store.read().ring
    if ring is None:
        return
    if ring.owner != claim.owner or ring.phone_number_id != claim.phone_number_id:
        return  # a replacement owns it now, or another resource does
    if not store.recoverable:
        refuse_if_served(ring, graph=graph, survivors=held_by(backups), force=force, where=store.url, otherwise=_RETAIN)
    store.delete()


def refuse_if_served(
    ring: KeyRing, *, graph: Graph, survivors: frozenset[str], force: Force, where: str, otherwise: str = ""
) -> None:
    """Raises :class:`DeletionRefusedError` while Meta serves a key of ``ring`` that would not survive.

    ``otherwise`` is a further way on for the person, where there is one.
    Of all failures only "the number was deleted" counts as nothing served.
    """
    if force.recorded:
        return
    try:
        served = graph.get_registered_key(ring.phone_number_id).fingerprint
    except PhoneNumberDeletedError:
        return
    except GraphError as error:
        if force.fingerprint is not None and force.fingerprint in ring:
            return
        lost = ring.current or ring.keys[0] if ring.keys else None
        name = lost.fingerprint if lost else "none"
        raise DeletionRefusedError(
            f"phone number {ring.phone_number_id}: whether Meta serves a key of {where} is not known, so it was not "
            f"deleted. {_ways_on(name)}{otherwise} The cause: {error}"
        ) from None
    if served is not None and served in ring and served not in {*survivors, force.fingerprint}:
        raise DeletionRefusedError(
            f"phone number {ring.phone_number_id}: Meta serves key {served}, whose last copy is in {where}; deleting "
            f"it would make every form unreadable, so it was not deleted. {_ways_on(served)}{otherwise}"
        )


def held_by(backups: Sequence[Store]) -> frozenset[str]:
    """The fingerprints of every key that ``backups`` hold; what can't be read can't be counted on."""
    held: set[str] = set()
    for backup in backups:
        try:
            ring = backup.read().ring
        except StoreError:
            continue
        if ring is not None:
            held.update(key.fingerprint for key in ring.keys)
    return frozenset(held)


def _ways_on(fingerprint: str) -> str:
    return (
        "If it may go: set force_destroy=True and run `pulumi up` first, or run this with the environment variable "
        f"WHATSAPP_FORCE_DESTROY={fingerprint} (a resource that is already replaced can only be reached so)."
    )

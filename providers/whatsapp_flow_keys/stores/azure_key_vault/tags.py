"""The tags of a version: the URL's, the store's own, and those that others put on the secret."""

import hashlib
from collections.abc import Mapping

from whatsapp_flow_keys.address import Address
from whatsapp_flow_keys.errors import StoreUnavailableError
from whatsapp_flow_keys.stores.azure_key_vault.address import MOST_TAGS, OURS

AFTER = f"{OURS}after"
"""Names the versions that a version was written over."""

MANAGED_BY = f"{OURS}managed-by"
"""Says that a secret is ours, and by a mark of each name which tags the URL named at the last write."""

_MANAGER = "whatsapp-flow-encryption"
_NONE = "none"
"""What a first version was written over."""


def tags_over(
    held: Mapping[str, str], address: Address, after: str | None, *, is_ours: bool, where: str
) -> dict[str, str]:
    """The tags for a version over one with the tags ``held``.

    ``after``: the ids that it is written over, "" for none; None if it isn't one of ours. ``where`` begins an error.
    Raises :class:`StoreUnavailableError` where they are too many.
    """
    marks = held.get(MANAGED_BY, "").split()[1:]
    tags = {name: held[name] for name in held if not name.startswith(OURS) and _mark(name) not in marks}
    tags |= address.tags
    if is_ours:
        tags[MANAGED_BY] = " ".join([_MANAGER, *map(_mark, sorted(address.tags))])
    if after is not None:
        tags[AFTER] = after or _NONE
    if len(tags) > MOST_TAGS:
        raise StoreUnavailableError(
            where,
            f"would have {len(tags)} tags with those that others put there, and Key Vault takes {MOST_TAGS}; "
            f"nothing was written. Remove some of them",
        )
    return tags


def _mark(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()[:8]

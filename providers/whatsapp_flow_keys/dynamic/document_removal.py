"""What a `delete` of a resource does to the number's document in its store, and what a person said about it."""

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from whatsapp_flow_keys.dynamic.provider import FlowKeysProvider, Props
from whatsapp_flow_keys.lifecycle.claim import Claim
from whatsapp_flow_keys.stores.urls import parse_stores

if TYPE_CHECKING:
    from whatsapp_flow_keys.lifecycle.removal import Force


def remove_document(provider: FlowKeysProvider, props: Props, owner: str, *, passphrase_goes: bool) -> None:
    """Deletes the document that the EncryptionKey with the id ``owner`` owns, and shows what is left of it.

    It stays where this run has seen that the number goes on: then only the passphrase is asked about.
    Raises :class:`DeletionRefusedError`.
    """
    from whatsapp_flow_keys.lifecycle.removal import Opening, remove_stored_ring

    number, passphrase = props["phone_number_id"], props.get("passphrase")
    first, *others = props.get("locations") or [props["store"], *props["backups"]]
    store, *backups = parse_stores(first, others)
    left = remove_stored_ring(
        store,
        backups,
        provider.session(Claim(number, props["managed_by"], owner)),
        force=force(props),
        opening=Opening(() if passphrase_goes or not passphrase else (passphrase,), passphrase_goes),
        document_stays=provider.run.keys.is_replaced(owner, number),
    )
    provider.run.say(left)


def force(props: Mapping[str, Any]) -> "Force":
    """What a person said about losing a key."""
    from whatsapp_flow_keys.lifecycle.removal import Force

    return Force(props.get("force_destroy") is True, os.environ.get("WHATSAPP_FORCE_DESTROY"))

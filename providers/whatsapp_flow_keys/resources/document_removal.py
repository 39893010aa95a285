"""What a `delete` of a resource does to the number's document in its store, and what a person said about it."""

import os
from typing import TYPE_CHECKING

from whatsapp_flow_keys.custody.services import services_in
from whatsapp_flow_keys.lifecycle.claim import Claim
from whatsapp_flow_keys.resources.context import Context
from whatsapp_flow_keys.resources.properties import KeyState, RegistrationState, StoredRing
from whatsapp_flow_keys.stores.urls import parse_stores

if TYPE_CHECKING:
    from whatsapp_flow_keys.lifecycle.removal import Force


def remove_document(
    olds: KeyState | StoredRing | RegistrationState,
    owner: str,
    context: Context,
    *,
    passphrase_goes: bool,
    asks_only: bool = False,
) -> None:
    """Deletes the document that the EncryptionKey with the id ``owner`` owns, and shows what is left of it.

    It stays where this run has seen that the number goes on: then only the passphrase is asked about.
    ``asks_only``: nothing is deleted, only refused. Raises :class:`DeletionRefusedError`.
    """
    from whatsapp_flow_keys.lifecycle.removal import Opening, remove_stored_ring

    first, *others = olds.locations or (olds.store, *olds.backups)
    store, *backups = parse_stores(first, others)
    left = remove_stored_ring(
        store,
        backups,
        context.session(Claim(olds.phone_number_id, olds.managed_by, owner), olds.asked_through),
        force=force(olds.force_destroy),
        opening=Opening(
            () if passphrase_goes or not olds.passphrase else (olds.passphrase,),
            passphrase_goes,
            services_in(olds.custodies),
        ),
        document_stays=context.run.keys.is_replaced(owner, olds.phone_number_id),
        asks_only=asks_only,
    )
    context.run.say(left)


def force(force_destroy: bool) -> "Force":
    """What a person said about losing a key: in the program, and for this run."""
    from whatsapp_flow_keys.lifecycle.removal import Force

    return Force(force_destroy is True, os.environ.get("WHATSAPP_FORCE_DESTROY"))

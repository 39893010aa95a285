"""The resources. Type tokens and provider classes stand in people's state: they are never renamed.

``additional_secret_outputs`` names every secret from the first deployment on: one added later would leave old plain
text in a stack's history. The providers mark the same ones themselves, for programs whose transforms take that away.
"""

from typing import Any

import pulumi
from pulumi.dynamic import Resource

from whatsapp_flow_keys.dynamic.encryption_key import EncryptionKeyProvider
from whatsapp_flow_keys.dynamic.key_registration import KeyRegistrationProvider
from whatsapp_flow_keys.dynamic.key_ring import KeyRingProvider
from whatsapp_flow_keys.dynamic.stored_key_ring import StoredKeyRingProvider


class EncryptionKey(Resource, module="whatsapp", name="EncryptionKey"):
    """A key pair. Replacing it is rotation."""

    fingerprint: pulumi.Output[str]
    """Lower-case hex SHA-256 of the public key's SPKI DER."""
    public_key_pem: pulumi.Output[str]
    issued_on: pulumi.Output[str]
    """UTC date."""
    private_key: pulumi.Output[str | None]
    """Secret; with the stack as the store only."""
    secret_id: pulumi.Output[str | None]
    """The document's name in the words of its service (an ARN, an identifier); None with the stack as the store."""
    locations: pulumi.Output[list[str]]
    """URLs of the store and the backups, with all that was learnt of where they are; empty with the stack as the
    store."""
    former_passphrases: pulumi.Output[list[str]]
    """Secret: the passphrase before the last change, while a key in the store still needs it. An output that is None
    would be unknown in every preview, so this is a list."""

    def __init__(
        self,
        resource_name: str,
        *,
        phone_number_id: pulumi.Input[str],
        managed_by: pulumi.Input[str],
        store: pulumi.Input[str],
        backups: pulumi.Input[list[Any]],
        passphrase: pulumi.Input[str] | None,
        passphrase_is_generated: bool,
        rotate_after_days: pulumi.Input[int] | None,
        rotation_trigger: pulumi.Input[str] | None,
        take_over: pulumi.Input[str] | None,
        force_destroy: pulumi.Input[bool],
        stored_ring: bool,
        existing_private_key: pulumi.Input[str] | None = None,
        existing_passphrase: pulumi.Input[str] | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        props = {
            "phone_number_id": phone_number_id,
            "managed_by": managed_by,
            "store": store,
            "backups": backups,
            "existing_private_key": existing_private_key,
            "existing_passphrase": existing_passphrase,
            "passphrase": passphrase,
            "passphrase_is_generated": passphrase_is_generated or None,
            "rotate_after_days": rotate_after_days,
            "rotation_trigger": rotation_trigger,
            "take_over": take_over,
            "force_destroy": force_destroy,
            "stored_ring": stored_ring or None,
            "fingerprint": None,
            "public_key_pem": None,
            "issued_on": None,
            "private_key": None,
            "secret_id": None,
            "locations": None,
            "former_passphrases": None,
        }
        # On a replacement the engine would list every output as removed; hidden, the reason stands alone.
        own = pulumi.ResourceOptions(
            additional_secret_outputs=[*EncryptionKeyProvider.secrets],
            hide_diffs=[
                *("fingerprint", "former_passphrases", "locations"),
                *("private_key", "public_key_pem", "secret_id"),
            ],
        )
        super().__init__(EncryptionKeyProvider(), resource_name, props, pulumi.ResourceOptions.merge(own, opts))


class KeyRing(Resource, module="whatsapp", name="KeyRing"):
    """With the stack as the store: one secret document of every key that a form may still need."""

    ring: pulumi.Output[str]
    """Secret: the key ring document, JSON."""
    locations: pulumi.Output[list[str]]
    """URLs of the backups, with all that was learnt of where they are."""

    def __init__(
        self,
        resource_name: str,
        *,
        key: EncryptionKey,
        phone_number_id: pulumi.Input[str],
        managed_by: pulumi.Input[str],
        backups: pulumi.Input[list[Any]],
        take_over: pulumi.Input[str] | None,
        force_destroy: pulumi.Input[bool],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        props = {
            "phone_number_id": phone_number_id,
            "managed_by": managed_by,
            "key_id": key.id,
            "fingerprint": key.fingerprint,
            "private_key": key.private_key,
            "issued_on": key.issued_on,
            "backups": backups,
            "take_over": take_over,
            "force_destroy": force_destroy,
            "ring": None,
            "locations": None,
        }
        own = pulumi.ResourceOptions(
            additional_secret_outputs=[*KeyRingProvider.secrets], hide_diffs=["locations", "ring"]
        )
        super().__init__(KeyRingProvider(), resource_name, props, pulumi.ResourceOptions.merge(own, opts))


class StoredKeyRing(Resource, module="whatsapp", name="StoredKeyRing"):
    """With another store than the stack: the document in it, which goes only when the number's keys go."""

    def __init__(
        self,
        resource_name: str,
        *,
        key: EncryptionKey,
        phone_number_id: pulumi.Input[str],
        managed_by: pulumi.Input[str],
        store: pulumi.Input[str],
        backups: pulumi.Input[list[Any]],
        passphrase: pulumi.Input[str] | None,
        passphrase_is_generated: bool,
        force_destroy: pulumi.Input[bool],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        props = {
            "phone_number_id": phone_number_id,
            "managed_by": managed_by,
            "key_id": key.id,
            "store": store,
            "backups": backups,
            "locations": key.locations,
            "passphrase": passphrase,
            "passphrase_is_generated": passphrase_is_generated or None,
            "force_destroy": force_destroy,
        }
        own = pulumi.ResourceOptions(
            additional_secret_outputs=[*StoredKeyRingProvider.secrets], hide_diffs=["locations"]
        )
        super().__init__(StoredKeyRingProvider(), resource_name, props, pulumi.ResourceOptions.merge(own, opts))


class KeyRegistration(Resource, module="whatsapp", name="KeyRegistration"):
    """The public key at Meta, published and proven."""

    proven_fingerprint: pulumi.Output[str | None]
    """The fingerprint whose registration was finished and proven; None while it isn't."""
    signature_status: pulumi.Output[str]
    """Meta's word, ``VALID`` or ``MISMATCH``."""

    def __init__(
        self,
        resource_name: str,
        *,
        key: EncryptionKey,
        phone_number_id: pulumi.Input[str],
        managed_by: pulumi.Input[str],
        store: pulumi.Input[str],
        backups: pulumi.Input[list[Any]],
        passphrase: pulumi.Input[str] | None,
        ring: pulumi.Input[str] | None,
        locations: pulumi.Input[list[str]],
        take_over: pulumi.Input[str] | None,
        endpoint_url: pulumi.Input[str] | None,
        endpoint_wait: pulumi.Input[float] | None,
        deployed: bool,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        props = {
            "phone_number_id": phone_number_id,
            "managed_by": managed_by,
            "fingerprint": key.fingerprint,
            "key_id": key.id,
            "store": store,
            "backups": backups,
            "locations": locations,
            "passphrase": passphrase,
            "former_passphrases": key.former_passphrases,
            "ring": ring,
            "take_over": take_over,
            "endpoint_url": endpoint_url,
            "endpoint_wait": endpoint_wait,
            "deployed": deployed or None,
            "signature_status": None,
            "key_ring": None,
            "proven_fingerprint": None,
            "foreign_fingerprint": None,
        }
        # Nothing else is hidden here: what a refresh finds amiss must show.
        own = pulumi.ResourceOptions(
            additional_secret_outputs=[*KeyRegistrationProvider.secrets],
            hide_diffs=["held_fingerprints", "locations"],
        )
        super().__init__(KeyRegistrationProvider(), resource_name, props, pulumi.ResourceOptions.merge(own, opts))

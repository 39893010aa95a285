"""The resources. Type tokens and provider classes stand in people's state: they are never renamed.

``additional_secret_outputs`` names every secret from the first deployment on: one added later would leave old plain
text in a stack's history. The providers mark the same ones themselves, for programs whose transforms take that away.
"""

from typing import Any, ClassVar, NamedTuple

import pulumi
from pulumi.dynamic import Resource

from whatsapp_flow_keys.dynamic.encryption_key import EncryptionKeyProvider
from whatsapp_flow_keys.dynamic.key_registration import KeyRegistrationProvider
from whatsapp_flow_keys.dynamic.key_ring import KeyRingProvider
from whatsapp_flow_keys.dynamic.provider import FlowKeysProvider
from whatsapp_flow_keys.dynamic.stored_key_ring import StoredKeyRingProvider
from whatsapp_flow_keys.native.names import token


class _Managed(Resource):
    """A resource of one of our providers.

    Args:
        resource_name: its name.
        opts: its options.
        given: its inputs, by the names that the provider's rules have for them.
    """

    provider: ClassVar[type[FlowKeysProvider]]

    def __init__(
        self, resource_name: str, opts: pulumi.ResourceOptions | None = None, **given: pulumi.Input[Any] | None
    ) -> None:
        inputs, state = self.provider.rules.inputs, self.provider.rules.state
        if unknown := given.keys() - inputs.traits().keys():
            raise TypeError(f"{type(self).__name__} has no input {', '.join(sorted(unknown))}")
        # On a replacement the engine would list every output as removed; hidden, the reason stands alone.
        own = pulumi.ResourceOptions(
            additional_secret_outputs=[*state.names("secret")],
            hide_diffs=[*state.names("hidden")],
            aliases=[pulumi.Alias(type_=token(type(self).__name__))],
        )
        outputs = dict.fromkeys(state.traits())
        super().__init__(self.provider(), resource_name, {**outputs, **given}, pulumi.ResourceOptions.merge(own, opts))


class EncryptionKey(_Managed, module="whatsapp", name="EncryptionKey"):
    """A key pair. Replacing it is rotation."""

    provider = EncryptionKeyProvider
    """What acts for the engine."""

    fingerprint: pulumi.Output[str]
    """Lower-case hex SHA-256 of the public key's SPKI DER."""
    public_key_pem: pulumi.Output[str]
    """SPKI PEM."""
    issued_on: pulumi.Output[str]
    """UTC date."""
    private_key: pulumi.Output[str | None]
    """Secret; with the stack as the store only."""
    secret_id: pulumi.Output[str | None]
    """The document's name in the words of its service (an ARN, an identifier); None with the stack as the store."""
    locations: pulumi.Output[list[str]]
    """URLs of the store and the backups, with all that was learnt of where they are; empty with the stack as the
    store."""
    custodies: pulumi.Output[list[str]]
    """URLs of the key services that hold keys of the ring; with ``custody`` only."""
    former_passphrases: pulumi.Output[list[str]]
    """Secret: the passphrase before the last change, while a key in the store still needs it. An output that is None
    would be unknown in every preview, so this is a list."""


class KeyRing(_Managed, module="whatsapp", name="KeyRing"):
    """With the stack as the store: one secret document of every key that a form may still need."""

    provider = KeyRingProvider
    """What acts for the engine."""

    ring: pulumi.Output[str]
    """Secret: the key ring document, JSON."""
    locations: pulumi.Output[list[str]]
    """URLs of the backups, with all that was learnt of where they are."""
    custodies: pulumi.Output[list[str]]
    """See the EncryptionKey's."""


class StoredKeyRing(_Managed, module="whatsapp", name="StoredKeyRing"):
    """With another store than the stack: the document in it, which goes only when the number's keys go."""

    provider = StoredKeyRingProvider
    """What acts for the engine."""


class KeyRegistration(_Managed, module="whatsapp", name="KeyRegistration"):
    """The public key at Meta, published and proven."""

    provider = KeyRegistrationProvider
    """What acts for the engine."""

    proven_fingerprint: pulumi.Output[str | None]
    """The fingerprint whose registration was finished and proven; None while it isn't."""
    signature_status: pulumi.Output[str]
    """Meta's word, ``VALID`` or ``MISMATCH``."""


class Kinds(NamedTuple):
    """The four kinds of resources, as one provider has them."""

    key: type[EncryptionKey]
    ring: type[KeyRing]
    stored: type[StoredKeyRing]
    registration: type[KeyRegistration]


DYNAMIC = Kinds(EncryptionKey, KeyRing, StoredKeyRing, KeyRegistration)
"""Those of the dynamic provider, which a Python program uses without a plugin."""

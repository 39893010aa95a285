"""The encryption key of WhatsApp Flows as a resource of a Pulumi program.

``FlowEncryption`` makes the key pair, keeps the private half in a store, registers the public half with Meta, and
rotates both without a failed form.
"""

try:
    import pulumi as _needed  # noqa: F401 - for the sentence below
except ModuleNotFoundError as _missing:
    raise ModuleNotFoundError(
        'whatsapp_flow_encryption needs Pulumi: pip install "whatsapp-flow-encryption[pulumi]"', name=_missing.name
    ) from None

from whatsapp_flow_encryption.custodies import AwsKms, Custody, RingCustody, VaultTransit
from whatsapp_flow_encryption.exports import all_but_failed, unless_failed
from whatsapp_flow_encryption.flow_encryption import FlowEncryption, GeneratedPassphrase
from whatsapp_flow_encryption.numbers import read_numbers
from whatsapp_flow_encryption.registered_key import RegisteredKey, get_registered_key
from whatsapp_flow_encryption.registrars import AwsSocial
from whatsapp_flow_encryption.resources import EncryptionKey, KeyRegistration, KeyRing, StoredKeyRing
from whatsapp_flow_encryption.shared_endpoint import SharedDeployment, shared_endpoint_env
from whatsapp_flow_encryption.staged_keys import StagedKeys
from whatsapp_flow_encryption.stores import (
    AwsSecretsManagerStore,
    AzureKeyVaultStore,
    FileStore,
    GcpSecretManagerStore,
    KubernetesStore,
    StackStore,
    Store,
    VaultStore,
)
from whatsapp_flow_encryption.whatsapp_provider import WhatsAppProvider

__all__ = [
    "AwsKms",
    "AwsSecretsManagerStore",
    "AwsSocial",
    "AzureKeyVaultStore",
    "Custody",
    "EncryptionKey",
    "FileStore",
    "FlowEncryption",
    "GcpSecretManagerStore",
    "GeneratedPassphrase",
    "KeyRegistration",
    "KeyRing",
    "KubernetesStore",
    "RegisteredKey",
    "RingCustody",
    "SharedDeployment",
    "StackStore",
    "StagedKeys",
    "Store",
    "StoredKeyRing",
    "VaultStore",
    "VaultTransit",
    "WhatsAppProvider",
    "all_but_failed",
    "get_registered_key",
    "read_numbers",
    "shared_endpoint_env",
    "unless_failed",
]

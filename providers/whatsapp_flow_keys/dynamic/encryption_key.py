"""The provider of EncryptionKey. This module and the class stand in people's states: they are never renamed."""

from whatsapp_flow_keys.dynamic.provider import FlowKeysProvider
from whatsapp_flow_keys.resources.encryption_key import EncryptionKeyRules


class EncryptionKeyProvider(FlowKeysProvider):
    """Its rules, called by Pulumi's SDK."""

    rules = EncryptionKeyRules()

"""The provider of StoredKeyRing. This module and the class stand in people's states: they are never renamed."""

from whatsapp_flow_keys.dynamic.provider import FlowKeysProvider
from whatsapp_flow_keys.resources.stored_key_ring import StoredKeyRingRules


class StoredKeyRingProvider(FlowKeysProvider):
    """Its rules, called by Pulumi's SDK."""

    rules = StoredKeyRingRules()

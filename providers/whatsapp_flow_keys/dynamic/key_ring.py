"""The provider of KeyRing. This module and the class stand in people's states: they are never renamed."""

from whatsapp_flow_keys.dynamic.provider import FlowKeysProvider
from whatsapp_flow_keys.resources.key_ring import KeyRingRules


class KeyRingProvider(FlowKeysProvider):
    """Its rules, called by Pulumi's SDK."""

    rules = KeyRingRules()

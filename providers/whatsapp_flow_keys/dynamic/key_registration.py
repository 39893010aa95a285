"""The provider of KeyRegistration. This module and the class stand in people's states: they are never renamed."""

from whatsapp_flow_keys.dynamic.provider import FlowKeysProvider
from whatsapp_flow_keys.resources.key_registration import KeyRegistrationRules


class KeyRegistrationProvider(FlowKeysProvider):
    """Its rules, called by Pulumi's SDK."""

    rules = KeyRegistrationRules()

"""How the RSA key of WhatsApp Flows is managed: key pairs, the key ring, its stores, Meta's Graph API, the lifecycle.

Nothing here imports Pulumi, but for the dynamic resource providers in :mod:`whatsapp_flow_keys.dynamic`.
"""

"""One FlowEncryption for each phone number: what is measured."""

import json
import os
from pathlib import Path

import pulumi

from whatsapp_flow_encryption import FlowEncryption, WhatsAppProvider

given = json.loads(Path("program.json").read_text())
providers = [
    WhatsAppProvider(f"account-{at}", access_token=os.environ["WHATSAPP_ACCESS_TOKEN"])
    for at in range(given["providers"])
]
for at, (number, store) in enumerate(zip(given["numbers"], given["stores"], strict=True)):
    name = f"line-{at:03}"
    provider = providers[at % len(providers)] if providers else None
    encryption = FlowEncryption(
        name,
        phone_number_id=number,
        store=store,
        rotation_trigger=given["rotation_trigger"],
        opts=pulumi.ResourceOptions(provider=provider),
    )
    pulumi.export(name, encryption.fingerprint)

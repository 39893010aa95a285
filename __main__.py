"""The reference stack: one FlowEncryption for each phone number in the stack's configuration."""

import os

import pulumi

from whatsapp_flow_encryption import FlowEncryption, WhatsAppProvider, all_but_failed, read_numbers

settings = read_numbers(pulumi.Config(), default_trigger=os.environ.get("WHATSAPP_ROTATION_TRIGGER"))
names = sorted({number.account for number in settings if number.account})
accounts = {name: WhatsAppProvider.from_config(name) for name in names}
numbers = {
    number.name: FlowEncryption(
        number.name,
        phone_number_id=number.phone_number_id,
        registrar=number.registrar,
        store=number.store,
        backups=number.backups,
        custody=number.custody,
        passphrase=number.passphrase,
        rotate_after_days=number.rotate_after_days,
        rotation_trigger=number.rotation_trigger,
        existing_private_key=number.existing_private_key,
        existing_passphrase=number.existing_passphrase,
        take_over=number.take_over,
        force_destroy=number.force_destroy,
        endpoint_url=number.endpoint_url,
        endpoint_wait=number.endpoint_wait,
        opts=pulumi.ResourceOptions(provider=accounts[number.account] if number.account else None),
    )
    for number in settings
}

pulumi.export("fingerprints", all_but_failed({name: number.fingerprint for name, number in numbers.items()}))
pulumi.export("rotates_on", all_but_failed({name: number.rotates_on for name, number in numbers.items()}))
pulumi.export("endpoint_envs", all_but_failed({name: number.endpoint_env for name, number in numbers.items()}))

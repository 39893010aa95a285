"""The reference stack: one FlowEncryption for each phone number in the stack's configuration."""

import os

import pulumi

from whatsapp_flow_encryption import FlowEncryption, read_numbers

numbers = {
    number.name: FlowEncryption(
        number.name,
        phone_number_id=number.phone_number_id,
        store=number.store,
        backups=number.backups,
        passphrase=number.passphrase,
        rotate_after_days=number.rotate_after_days,
        rotation_trigger=number.rotation_trigger,
        existing_private_key=number.existing_private_key,
        existing_passphrase=number.existing_passphrase,
        take_over=number.take_over,
        force_destroy=number.force_destroy,
        endpoint_url=number.endpoint_url,
        endpoint_wait=number.endpoint_wait,
    )
    for number in read_numbers(pulumi.Config(), default_trigger=os.environ.get("WHATSAPP_ROTATION_TRIGGER"))
}

pulumi.export("fingerprints", {name: number.fingerprint for name, number in numbers.items()})
pulumi.export("rotates_on", {name: number.rotates_on for name, number in numbers.items()})
pulumi.export("endpoint_envs", {name: number.endpoint_env for name, number in numbers.items()})

"""A service that books tables by a WhatsApp Flow: its folder, its form's key, and the endpoint that opens the forms."""

from collections.abc import Sequence

import pulumi

from endpoint_service import EndpointService
from service_folder import ServiceFolder
from whatsapp_flow_encryption import FileStore, FlowEncryption, StagedKeys

config = pulumi.Config()
port = config.get_int("port") or 8367
app_secret = pulumi.Config("whatsapp").require_secret("appSecret")

folder = ServiceFolder("bookings", parent=config.get("services") or "services")


def serve(staged: StagedKeys) -> Sequence[pulumi.Resource]:
    """What has to hold a new key before Meta may serve it."""
    variables = pulumi.Output.all(staged.endpoint_env, app_secret).apply(
        lambda known: {**known[0], "WHATSAPP_APP_SECRET": known[1]}
    )
    return [EndpointService("bookings", folder=folder.path, port=port, variables=variables)]


encryption = FlowEncryption(
    "bookings",
    phone_number_id=config.require("phoneNumberId"),
    store=FileStore(pulumi.Output.concat(folder.path, "/key-ring.json")),
    passphrase=config.require_secret("passphrase"),
    rotation_trigger=config.get("rotationTrigger"),
    deploy=serve,
    endpoint_url=f"http://127.0.0.1:{port}/",
)

pulumi.export("folder", folder.path)
pulumi.export("fingerprint", encryption.fingerprint)
pulumi.export("signature_status", encryption.signature_status)
pulumi.export("endpoint_env", encryption.endpoint_env)

"""What another stack knows of the bookings service: which key is live, and what an endpoint needs, as a secret."""

import pulumi

bookings = pulumi.StackReference(pulumi.Config().require("bookings"))

pulumi.export("fingerprint", bookings.require_output("fingerprint"))
pulumi.export("signature_status", bookings.require_output("signature_status"))
pulumi.export("endpoint_env", bookings.require_output("endpoint_env"))

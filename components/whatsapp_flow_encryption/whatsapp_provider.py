"""Credentials of one WhatsApp Business account, for programs that manage several."""

import pulumi


class WhatsAppProvider(pulumi.ProviderResource):
    """Pass it as ``opts=pulumi.ResourceOptions(provider=…)`` to the resources of its account.

    It gets none of the stack's ``whatsapp:`` configuration, so give it all that it needs. The token and the app secret
    become secrets whether or not they are given as such. It also is a process of its own, with four more calls at once.
    """

    def __init__(
        self,
        resource_name: str,
        *,
        access_token: pulumi.Input[str],
        app_secret: pulumi.Input[str] | None = None,
        graph_url: pulumi.Input[str] | None = None,
        graph_version: pulumi.Input[str] | None = None,
        audit_log: pulumi.Input[str] | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        settings = {
            "whatsapp:accessToken": pulumi.Output.secret(access_token),
            "whatsapp:appSecret": None if app_secret is None else pulumi.Output.secret(app_secret),
            "whatsapp:graphUrl": graph_url,
            "whatsapp:graphVersion": graph_version,
            "whatsapp:auditLog": audit_log,
        }
        given = {name: value for name, value in settings.items() if value is not None}
        super().__init__("pulumi-python", resource_name, given, opts)

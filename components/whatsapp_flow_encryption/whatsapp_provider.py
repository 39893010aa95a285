"""Credentials of one WhatsApp Business account, for programs that manage several."""

import pulumi

from whatsapp_flow_encryption.options import refuse_provider_deleted_first
from whatsapp_flow_keys.registrars.registrar import ACCOUNT


class WhatsAppProvider(pulumi.ProviderResource):
    """Pass it as ``opts=pulumi.ResourceOptions(provider=…)`` to the resources of its account.

    It gets none of the stack's ``whatsapp:`` configuration, so give it all that it needs, or make it by
    :meth:`from_config`. The provider also is a process of its own, with four more calls at once.

    Args:
        resource_name: its name in the stack.
        access_token: a token of a system user of the account. It becomes a secret.
        app_secret: of the app that the token belongs to. It becomes a secret.
        graph_url: where the Graph API is; Meta's own by default.
        graph_version: the version of the Graph API.
        audit_log: the path of the audit log.
        account: the configuration namespace that the settings stand in, which errors then name.
        opts: its options.
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
        account: str | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        refuse_provider_deleted_first(resource_name, opts)
        settings = {
            "whatsapp:accessToken": pulumi.Output.secret(access_token),
            "whatsapp:appSecret": None if app_secret is None else pulumi.Output.secret(app_secret),
            "whatsapp:graphUrl": graph_url,
            "whatsapp:graphVersion": graph_version,
            "whatsapp:auditLog": audit_log,
            ACCOUNT: account,
        }
        given = {name: value for name, value in settings.items() if value is not None}
        super().__init__("pulumi-python", resource_name, given, opts)

    @classmethod
    def from_config(cls, account: str, opts: pulumi.ResourceOptions | None = None) -> "WhatsAppProvider":
        """The provider of an account with a configuration namespace of its own: ``north:accessToken``,
        ``north:appSecret``, and where they are other than the stack's ``whatsapp:`` ones ``north:graphUrl``,
        ``north:graphVersion``, ``north:auditLog``. Its resource is named ``account``.

        Raises :class:`pulumi.RunError`, which the engine shows as one sentence, where the token is missing.
        """
        missing = missing_token(account)
        if missing:
            raise pulumi.RunError(missing)
        own, everybodys = pulumi.Config(account), pulumi.Config("whatsapp")

        def setting(name: str) -> str | None:
            return own.get(name) or everybodys.get(name)

        return cls(
            account,
            access_token=own.require_secret("accessToken"),
            app_secret=own.get_secret("appSecret"),
            graph_url=setting("graphUrl"),
            graph_version=setting("graphVersion"),
            audit_log=setting("auditLog"),
            account=account,
            opts=opts,
        )


def missing_token(account: str) -> str | None:
    """What to type where the account has no access token; None where it has one."""
    if pulumi.Config(account).get("accessToken"):
        return None
    return (
        f"{account}:accessToken: is missing, so there is no account {account}; "
        f"set it with `pulumi config set --secret {account}:accessToken`"
    )

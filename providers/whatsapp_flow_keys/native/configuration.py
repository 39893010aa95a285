"""The provider's configuration: an account, from the stack's ``whatsapp:`` settings or of an explicit provider."""

from dataclasses import dataclass

from whatsapp_flow_keys.resources.schema import Properties, prop


@dataclass(frozen=True, kw_only=True)
class Configuration(Properties):
    """See the module."""

    access_token: str | None = prop(
        "A token of a system user of the account. Without `account`, WHATSAPP_ACCESS_TOKEN of the environment is tried "
        "after it",
        secret=True,
    )
    app_secret: str | None = prop("Of the app that the token belongs to; it signs pings to the endpoint", secret=True)
    graph_url: str | None = prop("Where the Graph API is; WHATSAPP_GRAPH_URL or Meta's own by default")
    graph_version: str | None = prop("The version of the Graph API")
    audit_log: str | None = prop("The path of the audit log; WHATSAPP_AUDIT_LOG by default")
    account: str | None = prop("Names the account in errors, where a program has several")

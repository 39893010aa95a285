"""The command line: what a person, or monitoring, needs beside `pulumi`. It takes no secret as a word, and `export`
alone prints any.

Exit status 3 means invalid usage in every command: `verify` keeps 2 for forms that fail.
"""

from typing import Any

import click

from whatsapp_flow_keys.command_line.asked import USAGE_ERRORS
from whatsapp_flow_keys.command_line.exporting import export
from whatsapp_flow_keys.command_line.restoring import restore
from whatsapp_flow_keys.command_line.sending import send
from whatsapp_flow_keys.command_line.showing import show
from whatsapp_flow_keys.command_line.verifying import verify


class _Commands(click.Group):
    def make_context(self, *given: Any, **more: Any) -> click.Context:
        with USAGE_ERRORS:
            return super().make_context(*given, **more)

    def invoke(self, ctx: click.Context) -> Any:
        with USAGE_ERRORS:
            return super().invoke(ctx)


@click.group(cls=_Commands)
@click.version_option(package_name="whatsapp-flow-encryption", message="%(package)s %(version)s")
def command() -> None:
    """Looks after the key ring of a WhatsApp Flows endpoint.

    Secrets come from the environment only: WHATSAPP_ACCESS_TOKEN, WHATSAPP_APP_SECRET, WHATSAPP_FLOW_PASSPHRASE, and
    the stores' own credentials.
    """


for _each in (show, verify, restore, export, send):
    command.add_command(_each)

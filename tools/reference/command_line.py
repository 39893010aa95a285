"""What a command of `whatsapp-flow-keys` says of itself."""

from __future__ import annotations

import click

from whatsapp_flow_keys.command_line import command

_WIDTH = 80


def help_of(name: str) -> str:
    """The output of ``whatsapp-flow-keys NAME --help``."""
    above = click.Context(command, info_name="whatsapp-flow-keys")
    context = click.Context(command.commands[name], info_name=name, parent=above, terminal_width=_WIDTH)
    return f"```text\n{context.get_help()}\n```"

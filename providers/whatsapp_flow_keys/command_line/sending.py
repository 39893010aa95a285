"""`send`: one form to the live endpoint, as WhatsApp's client sends it, and what the handler answers."""

import json
import os
from typing import Any

import click

from whatsapp_flow_keys.command_line.asked import live_endpoint, look, registrar_option, store_option
from whatsapp_flow_keys.errors import FlowKeysError
from whatsapp_flow_keys.flow_protocol.live_endpoint import Refusal
from whatsapp_flow_keys.flow_protocol.message import PING
from whatsapp_flow_keys.lifecycle.survey import NoToken, Survey

_TOKEN, _MADE_UP = "WHATSAPP_FLOW_TOKEN", "whatsapp-flow-keys"


@click.command()
@store_option
@registrar_option
@click.option("--endpoint", "endpoint_url", metavar="URL", required=True, help="The live endpoint.")
@click.option("--screen", metavar="NAME", help="The screen that is submitted. Without it the form is opened (INIT).")
@click.option("--data", default="{}", metavar="JSON", help="What was typed in, made up: others may list processes.")
def send(urls: tuple[str, ...], registrar: str | None, endpoint_url: str, screen: str | None, data: str) -> None:
    """Sends one form to the endpoint, as WhatsApp does, and prints the answer.

    The handler does what it does with a person's form: what it books is booked. The form is encrypted with the key that
    Meta serves; without WHATSAPP_ACCESS_TOKEN with the current key of the ring. Its flow_token is WHATSAPP_FLOW_TOKEN.
    Exit status: 0; 1 where the endpoint did not answer it; 3 for invalid usage.
    """
    form = {"version": PING["version"], "flow_token": os.environ.get(_TOKEN, _MADE_UP), "data": _object(data)}
    does = {"action": "INIT"} if screen is None else {"action": "data_exchange", "screen": screen}
    endpoint = live_endpoint(endpoint_url)
    try:
        got = endpoint.send(_public_key_pem(look(urls, registrar)), {**form, **does})
    except FlowKeysError as error:
        raise click.ClickException(str(error)) from None
    if isinstance(got, Refusal):
        raise click.ClickException(str(got))
    click.echo(json.dumps(got.content, indent=2))


def _object(data: str) -> dict[str, Any]:
    try:
        given = json.loads(data)
    except (ValueError, RecursionError):
        given = None
    if not isinstance(given, dict):
        raise click.UsageError('--data: must be a JSON object like {"day": "Monday"}; nothing was sent')
    return given


def _public_key_pem(found: Survey) -> str:
    """Raises :class:`click.ClickException` where there is none to send a form with."""
    if found.in_use is None or found.in_use.ring is None:
        first = found.copies[0]
        raise click.ClickException(f"{first.place}: {first.trouble.found if first.trouble else ''}. Nothing was sent")
    if found.served is not None:
        if found.served.public_key_pem is None:
            raise click.ClickException("Meta serves no public key, so WhatsApp could not send a form. Nothing was sent")
        return found.served.public_key_pem
    if not isinstance(found.not_asked, NoToken):
        raise click.ClickException(f"Meta {found.not_asked.found if found.not_asked else ''}. Nothing was sent")
    ring = found.in_use.ring
    opened = found.open(ring.current or ring.keys[0])
    if opened.private_key is None:
        raise click.ClickException(f"{found.in_use.place}: {opened.trouble}. Nothing was sent")
    return opened.private_key.public_key_pem

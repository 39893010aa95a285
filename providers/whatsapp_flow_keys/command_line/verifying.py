"""`verify`: whether Meta, every store and the live endpoint agree, for a person and for monitoring. It only reads."""

import json
import os
from collections.abc import Iterator
from typing import Any

import click

from whatsapp_flow_keys.command_line.asked import json_option, live_endpoint, look, registrar_option, store_option
from whatsapp_flow_keys.lifecycle.survey import Survey
from whatsapp_flow_keys.lifecycle.verification import Check, Level, Verdict
from whatsapp_flow_keys.lifecycle.verification import verify as verify_survey

_TRACEBACKS = "WHATSAPP_FLOW_TRACEBACKS"
_MEANING = {
    Level.WARNING: "forms work",
    Level.CRITICAL: "forms fail or may fail",
    Level.UNKNOWN: "whether forms work is not known",
}


@click.command()
@store_option
@registrar_option
@click.option(
    "--endpoint",
    "endpoint_url",
    metavar="URL",
    help="The live endpoint: it is sent one encrypted ping, as WhatsApp does.",
)
@json_option
def verify(urls: tuple[str, ...], registrar: str | None, endpoint_url: str | None, as_json: bool) -> None:
    """Checks that Meta, every store and the live endpoint agree.

    It changes nothing. Exit status, as monitoring plugins have it: 0 all agree; 1 forms work, but something should be
    fixed; 2 forms fail or may fail; 3 whether forms work could not be seen, and invalid usage.
    """
    try:
        endpoint = None if endpoint_url is None else live_endpoint(endpoint_url)
        found = look(urls, registrar)
        verdict = verify_survey(found, endpoint)
    except click.ClickException:
        raise
    except Exception as error:
        if os.environ.get(_TRACEBACKS):
            raise
        click.echo(f"UNKNOWN: {type(error).__name__} in whatsapp-flow-keys; {_TRACEBACKS}=1 shows where, secrets too")
        click.get_current_context().exit(Level.UNKNOWN)
    click.echo(json.dumps(_as_json(found, verdict), indent=2) if as_json else "\n".join(_told(found, verdict)))
    click.get_current_context().exit(verdict.level)


def _told(found: Survey, verdict: Verdict) -> Iterator[str]:
    """The first line is all that a pager shows."""
    yield _summary(found, verdict)
    for check in verdict.checks:
        yield f"{_name(check.level):<8}  {_sentence(check)}"


def _summary(found: Survey, verdict: Verdict) -> str:
    number = f"phone number {found.number}: " if found.number else ""
    if verdict.level is Level.OK:
        return f"OK: {number}forms can be read; all {len(verdict.checks)} checks agree"
    check = verdict.gravest
    return f"{verdict.level.name}: {number}{_MEANING[verdict.level]}: {_sentence(check)}"


def _name(level: Level) -> str:
    return "ok" if level is Level.OK else level.name


def _sentence(check: Check) -> str:
    return f"{check.place}: {check.found}" + (f" -> {check.do}" if check.do else "")


def _as_json(found: Survey, verdict: Verdict) -> dict[str, Any]:
    return {
        "status": verdict.level.name,
        "exit_status": int(verdict.level),
        "summary": _summary(found, verdict),
        "phone_number_id": found.number,
        "read_at": found.at.isoformat(),
        "served": found.served_fingerprint,
        "checks": [
            {
                "check": check.name,
                "place": check.place,
                "status": check.level.name,
                "found": check.found,
                "do": check.do or None,
            }
            for check in verdict.checks
        ],
    }

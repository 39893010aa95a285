"""The `local` stack: how `pulumi` reaches it, its rotation trigger, and what it made.

It lies in a file backend in `.dev/`; the tracked Pulumi.local.yaml is read and never written.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from tools.checkout import Checkout, write_whole
from tools.local_engine import engine_environment, engine_settings
from tools.local_graph import LocalGraph
from tools.processes import run_foreground, run_quietly, say
from tools.stop import Stop

NAME = "local"
# Belongs to the encryption salt in Pulumi.local.yaml; it protects nothing but a playground on loopback.
_PASSPHRASE = "local"
# A person's way past the guard on destroying a key in use; all other WHATSAPP_ variables of theirs are left out.
_HANDED_ON = "WHATSAPP_FORCE_DESTROY"


def stack_environment(checkout: Checkout, graph: LocalGraph, own: Mapping[str, str]) -> dict[str, str]:
    """The whole environment of `pulumi` for the local stack; `own` is the person's."""
    handed_on = {_HANDED_ON: own[_HANDED_ON]} if _HANDED_ON in own else {}
    home, backend = checkout.pulumi_home, checkout.dev / "state"
    whole = engine_environment(home, backend, passphrase=_PASSPHRASE, checkout=checkout)
    return {**whole, **_graph_settings(checkout, graph), **handed_on}


def shell_exports(checkout: Checkout, graph: LocalGraph) -> str:
    """Lines for `eval` in a shell, after which plain `pulumi` commands reach the local stack."""
    home, backend = checkout.pulumi_home, checkout.dev / "state"
    settings = engine_settings(home, backend, passphrase=_PASSPHRASE, checkout=checkout)
    return export_lines({**settings, **_graph_settings(checkout, graph)})


def export_lines(variables: Mapping[str, str]) -> str:
    """`export NAME='value'` for each variable, quoted for a POSIX shell."""
    return "\n".join(f"export {name}={shlex.quote(value)}" for name, value in variables.items())


def select_stack(checkout: Checkout, environment: Mapping[str, str]) -> None:
    """Makes the stack where it isn't there yet, and the one that plain `pulumi` commands mean."""
    command = ["pulumi", "stack", "select", "--create", NAME, "--non-interactive"]
    run_quietly(command, cwd=checkout.root, environment=environment)


def pulumi(checkout: Checkout, environment: Mapping[str, str], words: Sequence[str]) -> int:
    """One `pulumi` command on the local stack, on this terminal; its exit status."""
    return run_foreground(["pulumi", *words, "--stack", NAME], cwd=checkout.root, environment=environment)


def show_outputs(checkout: Checkout, environment: Mapping[str, str]) -> None:
    """What the stack made, as it exports it; the engine itself hides secrets."""
    command = ["pulumi", "stack", "output", "--json", "--stack", NAME]
    printed = run_quietly(command, cwd=checkout.root, environment=environment)
    outputs = json.loads(printed)
    say(f"\nThe stack `{NAME}` holds:")
    say("\n".join(outline(outputs, indent="  ")))


def endpoint_environment(checkout: Checkout, environment: Mapping[str, str], name: str) -> dict[str, str]:
    """The `endpoint_env` of one of its numbers. Raises `Stop` where there is none yet."""
    command = ["pulumi", "stack", "output", "--json", "--show-secrets", "--stack", NAME]
    outputs = json.loads(run_quietly(command, cwd=checkout.root, environment=environment))
    try:
        found: dict[str, str] = outputs["endpoint_envs"][name]
    except KeyError:
        raise Stop(f"The stack `{NAME}` holds no key for {name} yet: run `make up` first.") from None
    return found


def outline(value: object, indent: str) -> list[str]:
    """Nested outputs as indented lines, names before values."""
    if not isinstance(value, dict):
        return [f"{indent}{value if isinstance(value, str) else json.dumps(value)}"]
    lines: list[str] = []
    width = max((len(str(name)) for name in value), default=0)
    for name, inner in value.items():
        if isinstance(inner, dict):
            lines += [f"{indent}{name}", *outline(inner, f"{indent}  ")]
        else:
            lines.append(f"{indent}{name:<{width}}  {outline(inner, '')[0]}")
    return lines


def remembered_trigger(checkout: Checkout) -> str | None:
    """The last rotation trigger. Every later run passes it on: were it gone, that would be a change, and a rotation."""
    try:
        return _trigger_file(checkout).read_text(encoding="utf-8").strip() or None
    except FileNotFoundError:
        return None


def new_trigger(checkout: Checkout, now: datetime) -> str:
    """Makes and remembers a trigger that differs from the last one: the time in UTC, to the millisecond."""
    trigger = now.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    write_whole(_trigger_file(checkout), f"{trigger}\n")
    return trigger


def _graph_settings(checkout: Checkout, graph: LocalGraph) -> dict[str, str]:
    settings = {"WHATSAPP_GRAPH_URL": graph.url, "WHATSAPP_ACCESS_TOKEN": graph.token}
    trigger = remembered_trigger(checkout)
    return {**settings, "WHATSAPP_ROTATION_TRIGGER": trigger} if trigger else settings


def _trigger_file(checkout: Checkout) -> Path:
    return checkout.dev / "rotation-trigger"

"""The example endpoint on the keys of the local stack, and the forms that the emulator's client half sends it."""

from __future__ import annotations

import json
import os
import re
import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from tools.checkout import Checkout, write_whole
from tools.local_graph import LocalGraph, refuse_taken_port, without_whatsapp
from tools.processes import run_foreground, say
from tools.stop import Stop

NUMBER = "bookings"
"""The number of the local stack whose forms it answers."""
_DEFAULT_PORT = 8366


@dataclass(frozen=True)
class LocalEndpoint:
    """What `.dev/endpoint.json` remembers. The app secret signs forms; it is made here, once, for this machine."""

    port: int
    app_secret: str

    @property
    def url(self) -> str:
        """The address that forms are sent to."""
        return f"http://127.0.0.1:{self.port}/"

    def __repr__(self) -> str:
        return f"LocalEndpoint(port={self.port})"


def serve(checkout: Checkout, endpoint_env: Mapping[str, str], port: int | None) -> int:
    """Runs it on this terminal until it is interrupted; the exit status. `port` None keeps the last one."""
    last = _remembered(checkout) or LocalEndpoint(_DEFAULT_PORT, secrets.token_hex(16))
    endpoint = replace(last, port=port or last.port)
    refuse_taken_port(endpoint.port, "the example endpoint", "make endpoint")
    write_whole(checkout.dev / "endpoint.json", json.dumps(asdict(endpoint)), mode=0o600)
    say(f"The example endpoint listens on {endpoint.url} with the keys of `{NUMBER}`; Ctrl-C ends it.")
    say("In other terminals: `make traffic` sends it forms, `make rotate` rotates meanwhile.")
    settings = [f"--listen=127.0.0.1:{endpoint.port}", "--max-request-body-size=300000"]
    command: list[str | Path] = [checkout.python, "-m", "waitress", *settings, "app:app"]
    environment = {**without_whatsapp(os.environ), **endpoint_env, "WHATSAPP_APP_SECRET": endpoint.app_secret}
    return _ended(run_foreground(command, cwd=checkout.root / "examples" / "endpoint", environment=environment))


def send_forms(checkout: Checkout, graph: LocalGraph, words: list[str]) -> int:
    """Sends forms until it is interrupted or as `words` say; 0 if none failed."""
    endpoint = _remembered(checkout)
    if endpoint is None:
        raise Stop("There is no endpoint yet: run `make endpoint` in another terminal.")
    where = ["--graph", graph.url, "--number", number_of_local_stack(checkout), "--endpoint", endpoint.url]
    command: list[str | Path] = [checkout.python, "-m", "whatsapp_graph_emulator.flow_load", *where, *words]
    environment = {**without_whatsapp(os.environ), "WHATSAPP_APP_SECRET": endpoint.app_secret}
    return run_foreground(command, cwd=checkout.root, environment=environment)


def number_of_local_stack(checkout: Checkout) -> str:
    """The phone number ID of the number in Pulumi.local.yaml."""
    config = (checkout.root / "Pulumi.local.yaml").read_text(encoding="utf-8")
    found = re.search(rf"name: {NUMBER}\s+phoneNumberId: [\"'](\d+)[\"']", config)
    if found is None:
        raise Stop(f"Pulumi.local.yaml has no number with the name {NUMBER}, for which the example endpoint is.")
    return found[1]


def _remembered(checkout: Checkout) -> LocalEndpoint | None:
    try:
        found = json.loads((checkout.dev / "endpoint.json").read_text(encoding="utf-8"))
        return LocalEndpoint(found["port"], found["app_secret"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _ended(status: int) -> int:
    """Ended by an interrupt is how it should end."""
    return 0 if status == 130 else status

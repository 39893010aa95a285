"""The environment of hermetic engine runs: for the local stack, and for tests that drive the real engine.

    environment = engine_environment(home=tmp_path / "home", backend=tmp_path / "state")
    subprocess.run(["pulumi", "up", "--yes", "--stack", "test"], cwd=project, env=environment, check=True)

No run ever sees a person's own Pulumi login, plugins, settings or WhatsApp credentials.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote

from tools.checkout import Checkout
from tools.toolchain.acquire import recorded_engine
from tools.toolchain.choice import Source
from tools.toolchain.go_build import link_plugins

_DROPPED_PREFIXES = ("PULUMI_", "WHATSAPP_")
_DROPPED = ("PYTHONHOME", "PYTHONPATH", "VIRTUAL_ENV")
_LOOPBACK = ("127.0.0.1", "localhost", "::1")


def engine_environment(
    home: Path, backend: Path, *, passphrase: str = "test", checkout: Checkout | None = None
) -> dict[str, str]:
    """A whole environment for `pulumi`: its own PULUMI_HOME `home` and file backend `backend`, both made here.

    `home/plugins` links to the checkout's plugin cache, so the random plugin is there. Variables that begin with
    PULUMI_ or WHATSAPP_ are left out; add what a run needs. Raises `tools.stop.Stop` before `make setup` was run.
    """
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(_DROPPED_PREFIXES) and name not in _DROPPED
    }
    return {**kept, **engine_settings(home, backend, passphrase=passphrase, checkout=checkout or Checkout.this())}


def engine_settings(home: Path, backend: Path, *, passphrase: str, checkout: Checkout) -> dict[str, str]:
    """What such an environment has beyond the person's own."""
    engine = recorded_engine(checkout)
    link_plugins(checkout, home)
    backend.mkdir(parents=True, exist_ok=True)
    settings = {
        # The venv first: the language host that is built from modules runs the first python3 on PATH.
        "PATH": search_path([checkout.venv_bin, engine.folder], os.environ),
        "PULUMI_HOME": str(home.resolve()),
        "PULUMI_BACKEND_URL": f"file://{quote(str(backend.resolve()))}",
        "PULUMI_CONFIG_PASSPHRASE": passphrase,
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        **dict.fromkeys(("NO_PROXY", "no_proxy"), past_proxy(os.environ)),
    }
    if engine.source is Source.MODULES:
        settings["PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION"] = "true"
    return settings


def search_path(first: list[Path], environment: Mapping[str, str]) -> str:
    """PATH with the given folders in front, each folder once."""
    words = [*(str(folder) for folder in first), *environment.get("PATH", "").split(os.pathsep)]
    return os.pathsep.join(dict.fromkeys(word for word in words if word))


def past_proxy(environment: Mapping[str, str]) -> str:
    """NO_PROXY with loopback in it, where the local Graph API is."""
    hosts = environment.get("NO_PROXY") or environment.get("no_proxy") or ""
    return ",".join(dict.fromkeys(host for host in (*hosts.split(","), *_LOOPBACK) if host))

"""All extras can be installed together: pip resolves them in one run, and what is installed here fits together."""

import re
import subprocess
import sys
import tomllib

from tests.pages import ROOT

EXTRAS = set(tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"])


def test_every_extra_is_resolved_in_one_run() -> None:
    """Pulumi, Google and OpenTelemetry bring protobuf and gRPC, each within limits of its own."""
    (named,) = re.findall(r"^-e \.\[(.*)\]$", (ROOT / "requirements.txt").read_text(), re.MULTILINE)
    assert set(named.split(",")) == EXTRAS


def test_what_is_installed_fits_together() -> None:
    checked = subprocess.run([sys.executable, "-m", "pip", "check"], capture_output=True, text=True, check=False)
    assert (checked.returncode, checked.stdout.strip()) == (0, "No broken requirements found.")


def test_each_package_of_an_extra_is_pinned_once() -> None:
    """A second protobuf would break one of those that bring it."""
    pins = re.findall(r"^([\w.-]+)==", (ROOT / "tools" / "requirements.txt").read_text(), re.MULTILINE)
    assert {name for name in pins if pins.count(name) > 1} == set()
    assert {"protobuf", "grpcio"} <= set(pins)

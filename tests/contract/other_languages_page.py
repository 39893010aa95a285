"""The programs that docs/other-languages.md shows, and how each is started."""

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.pages import command_to_type, fenced, section_to_type

PAGE = (Path(__file__).parents[2] / "docs" / "other-languages.md").read_text()
FILES: dict[str, str] = {
    name: whole
    for whole, name in re.findall(r"^```\w+\n((?:<\?php )?// (flow\.\w+).*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
}
SHELL = "\n".join(section_to_type("docs/other-languages.md", "Where the keys come from"))
"""The commands that make a bundle."""

(AGENT_TEMPLATE,) = fenced("docs/other-languages.md", "hcl")
"""What an agent of Vault's or OpenBao's is configured with."""

_PHPSECLIB = "<?php require 'phpseclib3/autoload.php';"
"""What Composer makes of a project that has it; here it is Debian's."""


@dataclass(frozen=True)
class Program:
    """A program of the page in a folder, ready to be started."""

    name: str
    words: tuple[str, ...]

    def command(self, port: int) -> list[str]:
        """PHP's own server takes the port as a word, the others find it in ``PORT``."""
        return [word.replace("{port}", str(port)) for word in self.words]


def program(name: str, folder: Path) -> Program:
    """The file ``name`` of the page, in ``folder``; skips the test where its language is missing."""
    file = folder / name
    file.write_text(FILES[name])
    make = {"flow.mjs": _node, "flow.go": _go, "flow.php": _php}[name]
    return Program(name, make(file))


def _node(file: Path) -> tuple[str, ...]:
    if shutil.which("node") is None:
        pytest.skip("Node is not on this machine")
    return tuple(command_to_type("docs/other-languages.md", "node ").replace(file.name, str(file)).split())


def _go(file: Path) -> tuple[str, ...]:
    if shutil.which("go") is None:
        pytest.skip("Go is not on this machine")
    alone = {"CGO_ENABLED": "0", "GOPROXY": "off", "GOTOOLCHAIN": "local"}
    binary = file.with_suffix("")
    command = ["go", "build", "-o", str(binary), str(file)]
    subprocess.run(command, cwd=file.parent, env={**os.environ, **alone}, check=True, timeout=300)
    return (str(binary),)


def _php(file: Path) -> tuple[str, ...]:
    needed = f"{_PHPSECLIB} exit(extension_loaded('gmp') ? 0 : 1);".removeprefix("<?php")
    if shutil.which("php") is None or subprocess.run(["php", "-r", needed], capture_output=True).returncode:
        pytest.skip("PHP with phpseclib 3 and gmp is not on this machine")
    vendor = file.parent / "vendor"
    vendor.mkdir()
    (vendor / "autoload.php").write_text(_PHPSECLIB)
    return ("php", "-S", "127.0.0.1:{port}", str(file))

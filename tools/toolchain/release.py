"""Pulumi's own installer, driven by the Automation API in the virtual environment. Its address is the SDK's matter."""

from __future__ import annotations

import os
import re
import shutil
import urllib.error
import urllib.request
from http.client import HTTPException
from pathlib import Path

from tools.checkout import Checkout
from tools.processes import run_quietly
from tools.toolchain.versions import Version

_LOOK_SECONDS = 3
_INSTALL_SECONDS = 300

_PRINT_SOURCE = "import inspect; from pulumi.automation import PulumiCommand; print(inspect.getsource(PulumiCommand))"
_INSTALL = """
import sys
from pulumi.automation import PulumiCommand
from semver import VersionInfo
PulumiCommand.install(root=sys.argv[1], version=VersionInfo.parse(sys.argv[2]))
"""


def release_folder(checkout: Checkout) -> Path:
    """Where the installer's `pulumi` lies; the folder exists only when it is whole."""
    return checkout.toolchain / "release" / "bin"


def installer_answers(checkout: Checkout) -> bool:
    """One quick look whether the script that the SDK would fetch can be had."""
    source = run_quietly([checkout.python, "-c", _PRINT_SOURCE], cwd=checkout.root)
    address = re.search(r"https://[^\s\"']+\.sh", source)
    if address is None:
        return False
    look = urllib.request.Request(address[0], method="HEAD")  # noqa: S310 - the pattern asks for https
    try:
        with urllib.request.urlopen(look, timeout=_LOOK_SECONDS) as answer:  # noqa: S310
            return bool(answer.status == 200)
    except (OSError, HTTPException, urllib.error.URLError):
        return False


def install_release(checkout: Checkout, version: Version) -> None:
    """Installs the engine with its language hosts. Raises `PartFailed`; then nothing is left behind."""
    unfinished = checkout.toolchain / "release.unfinished"
    shutil.rmtree(unfinished, ignore_errors=True)
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PULUMI_")}
    environment["PULUMI_HOME"] = str(checkout.pulumi_home)
    command = [str(checkout.python), "-c", _INSTALL, str(unfinished), str(version)]
    run_quietly(command, cwd=checkout.root, environment=environment, seconds=_INSTALL_SECONDS)
    folder = release_folder(checkout).parent
    shutil.rmtree(folder, ignore_errors=True)
    os.replace(unfinished, folder)

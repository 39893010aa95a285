"""The floor: how many RSA-2048 private operations a second the program `openssl` does, with nothing around them."""

import re
import shutil
from pathlib import Path

from tools.processes import run_quietly
from tools.stop import PartFailed


def version() -> str | None:
    """Of the program on PATH, as in ``OpenSSL 3.0.19``; None where there is none."""
    program = shutil.which("openssl")
    if program is None:
        return None
    return " ".join(run_quietly([program, "version"], cwd=Path.cwd(), seconds=20).split()[:2])


def private_operations(seconds: int) -> float | None:
    """A second, measured for so many seconds; None where there is no openssl, or one without this test."""
    program = shutil.which("openssl")
    if program is None:
        return None
    command = [program, "speed", "-elapsed", "-seconds", str(seconds), "-mr", "rsa2048"]
    try:
        return read_rate(run_quietly(command, cwd=Path.cwd(), seconds=60 + 10 * seconds))
    except PartFailed:
        return None


def read_rate(printed: str) -> float | None:
    """From what ``openssl speed -mr rsa2048`` prints: ``+R1:<count>:2048:<seconds>``, the same since OpenSSL 1.0."""
    found = re.search(r"^\+R1:(\d+):2048:(\d+\.\d+)\s*$", printed, re.MULTILINE)
    if found is None or float(found[2]) == 0:
        return None
    return int(found[1]) / float(found[2])

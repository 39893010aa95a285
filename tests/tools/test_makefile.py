"""`make` alone says what there is."""

import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_make_alone_lists_every_target_on_a_line_of_its_own() -> None:
    ran = subprocess.run(["make", "-s"], cwd=ROOT, capture_output=True, text=True)
    assert (ran.returncode, ran.stderr) == (0, "")
    listed = [re.fullmatch(r"make (\w+) +\S.*", line) for line in ran.stdout.splitlines()]
    assert all(listed)
    (phony,) = re.findall(r"^\.PHONY: help (.*)$", (ROOT / "Makefile").read_text(), re.M)
    assert sorted(match[1] for match in listed if match) == sorted(phony.split())
    assert max(map(len, ran.stdout.splitlines())) <= 120

"""The search finds defects: each is put into a copy of the product, one line on purpose, and a search must break."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.model.defects import DEFECTS, Defect

_ROOT = Path(__file__).parents[2]
_SECONDS = 600


@pytest.mark.parametrize("defect", DEFECTS, ids=lambda defect: defect.about)
def test_the_search_finds(defect: Defect, tmp_path: Path) -> None:
    package = tmp_path / "whatsapp_flow_keys"
    shutil.copytree(_ROOT / "providers" / package.name, package, ignore=shutil.ignore_patterns("__pycache__"))
    for file, old, new in ((defect.file, defect.old, defect.new), *defect.also):
        text = (package / file).read_text()
        assert text.count(old) == 1, f"{file} no longer holds once: {old}"
        (package / file).write_text(text.replace(old, new))
    searched = subprocess.run(
        [sys.executable, "-m", "tests.model", defect.found_by],
        cwd=_ROOT,
        env={**os.environ, "PYTHONPATH": str(tmp_path), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        timeout=_SECONDS,
    )
    assert searched.stderr == ""
    assert searched.returncode == 1, f"not found by:\n{searched.stdout}"
    assert f"\n{defect.promise}" in searched.stdout, searched.stdout

"""The files that docs/testing.md shows, by their names."""

import re
from pathlib import Path

PAGE = (Path(__file__).parents[2] / "docs" / "testing.md").read_text()
FILES: dict[str, str] = dict(re.findall(r"^```python\n# (\w+\.py)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL))
PROGRAM, UP = "flows.py", "test_up.py"
UNIT_TESTS = sorted(FILES.keys() - {PROGRAM, UP})

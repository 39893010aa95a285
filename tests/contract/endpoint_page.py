"""The files that docs/endpoint.md shows, by their names."""

import re
from pathlib import Path

PAGE = (Path(__file__).parents[2] / "docs" / "endpoint.md").read_text()
FILES: dict[str, str] = dict(re.findall(r"^```python\n# (\w+\.py)\b.*?\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL))

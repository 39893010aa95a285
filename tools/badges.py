"""The README's badges, from what pyproject.toml declares. `python -m tools.badges` writes them into docs/pictures/."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

_ROOT = Path(__file__).parents[1]
_CHARACTER, _MARGIN = 6.6, 8
"""Pixels; the texts' lengths are given to the picture, so that they fit in every font."""


def badges() -> dict[Path, str]:
    """Each file's content."""
    project = tomllib.loads((_ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    says = {"python": _pythons(project), "pulumi": _pulumi(project), "licence": project["license"]}
    return {_ROOT / "docs" / "pictures" / f"badge-{name}.svg": _badge(name, text) for name, text in says.items()}


def _pythons(project: dict[str, Any]) -> str:
    minors = [int(found[1]) for each in project["classifiers"] if (found := re.search(r":: 3\.(\d+)$", each))]
    return f"3.{min(minors)} to 3.{max(minors)}"


def _pulumi(project: dict[str, Any]) -> str:
    (required,) = (each for each in project["optional-dependencies"]["pulumi"] if each.startswith("pulumi>="))
    return f"{required.removeprefix('pulumi>=').partition(',')[0]} or newer"


def _badge(name: str, text: str) -> str:
    first, second = (round(len(words) * _CHARACTER) for words in (name, text))
    left, width = first + 2 * _MARGIN, first + second + 4 * _MARGIN
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="20" role="img" aria-label="{name}: {text}"'
        ' font-family="Verdana, DejaVu Sans, sans-serif" font-size="11" fill="#fff">\n'
        f"<title>{name}: {text}</title>\n"
        f'<rect width="{width}" height="20" rx="3" fill="#1f6feb"/>'
        f'<path d="M3 0h{left - 3}v20H3a3 3 0 0 1-3-3V3a3 3 0 0 1 3-3z" fill="#57606a"/>\n'
        f'<text x="{_MARGIN}" y="14" textLength="{first}">{name}</text>'
        f'<text x="{left + _MARGIN}" y="14" textLength="{second}">{text}</text>\n'
        "</svg>\n"
    )


def main() -> None:
    """Writes them."""
    for file, content in badges().items():
        file.write_text(content, encoding="utf-8")


if __name__ == "__main__":
    main()

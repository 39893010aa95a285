"""Where pages and files of the repository stand in the site.

A page links to what lies beside `docs/`, too: a test, an example, the README. No address of the repository is part of
the project, so the site carries what is linked, and is whole without a network. A link in a page is as the repository
has it, and works on a forge; here it becomes one within the site.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from pathlib import Path

from tools.reference.markers import with_api

CARRIED = "repository/"
"""The folder of the site that has what doesn't lie in `docs/`."""

_DOCS = "docs/"
_LINK = re.compile(r"(?<=\]\()(?!https?:|mailto:|#)([^)\s#]+)")
_FENCE = re.compile(r"`{3,}")
_UNSEARCHED = "---\nsearch:\n  exclude: true\n---\n\n"
_LANGUAGES = {".py": "python", ".json": "json", ".yaml": "yaml"}


def place_in_site(path: str) -> str:
    """The source that MkDocs knows a file or folder of the repository by. Other files than pages become pages."""
    if path.startswith(_DOCS):
        return path.removeprefix(_DOCS)
    return CARRIED + (path if path.endswith(".md") else f"{path}.md")


def place_in_repository(source: str) -> str:
    """The path of a page of `docs/`, or of one that is carried, by the source that MkDocs knows it by."""
    return source.removeprefix(CARRIED) if source.startswith(CARRIED) else _DOCS + source


def linked_within_site(root: Path, path: str, text: str) -> str:
    """The page with links to the places in the site; a link that leads nowhere stays, so that MkDocs names it."""
    place = place_in_site(path)

    def linked(found: re.Match[str]) -> str:
        target = _target(root, path, found[1])
        return posixpath.relpath(place_in_site(target), posixpath.dirname(place)) if target else found[1]

    return _LINK.sub(linked, text)


def carried(root: Path) -> dict[str, str]:
    """What the pages of `docs/`, and what is carried itself, link to outside of it: the texts of pages by their places
    in the repository."""
    left = [page.relative_to(root).as_posix() for page in sorted((root / _DOCS).rglob("*.md"))]
    found: dict[str, str] = {}
    while left:
        page = left.pop()
        text = with_api((root / page).read_text(encoding="utf-8"), lambda _: "")
        for target in _targets(root, page, text):
            if not target.startswith(_DOCS) and target not in found:
                found[target] = _shown(root / target, target)
                left += [target] if target.endswith(".md") else []
    return found


def _targets(root: Path, path: str, text: str) -> Iterator[str]:
    found = (_target(root, path, link[1]) for link in _LINK.finditer(text))
    return (target for target in found if target)


def _target(root: Path, path: str, link: str) -> str | None:
    """What a link of the page at `path` leads to, by its place in the repository; None where there is nothing."""
    target = posixpath.normpath(posixpath.join(posixpath.dirname(path), link))
    return target if not target.startswith("..") and (root / target).exists() else None


def _shown(file: Path, path: str) -> str:
    """A page as it is; another file, or the names in a folder, as a page that the search passes over."""
    if path.endswith(".md"):
        return file.read_text(encoding="utf-8")
    if file.is_dir():
        names = sorted(each.name for each in file.iterdir() if not each.name.startswith(("_", ".")))
        return f"{_UNSEARCHED}# `{path}/`\n\n" + "\n".join(f"- `{name}`" for name in names) + "\n"
    text = file.read_text(encoding="utf-8")
    fence = "`" * (1 + max([2, *(len(run) for run in _FENCE.findall(text))]))
    return (
        f"{_UNSEARCHED}# `{path}`\n\n{fence} {{ .{_LANGUAGES.get(file.suffix, 'text')} }}\n{text.rstrip()}\n{fence}\n"
    )

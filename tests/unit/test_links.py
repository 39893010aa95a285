"""Every link from one page of this repository to another leads somewhere."""

import re
from pathlib import Path

import pytest

from tests.pages import PAGES, ROOT

_LINK = re.compile(r"\]\((?!https?:|mailto:)([^)\s]+)\)")
_HEADING = re.compile(r"^#{1,6} (.+)$", re.MULTILINE)
_CODE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)


def anchors(page: Path) -> set[str]:
    """The names of its headings, as code forges make them: lower case, punctuation gone, blanks as hyphens."""
    headings = _HEADING.findall(_CODE.sub("", page.read_text()))
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def dead_links(page: str) -> list[str]:
    dead = []
    for link in _LINK.findall((ROOT / page).read_text()):
        path, _, anchor = link.partition("#")
        target = ((ROOT / page).parent / path).resolve() if path else ROOT / page
        if not target.exists() or (anchor and anchor not in anchors(target)):
            dead.append(link)
    return dead


@pytest.mark.parametrize("page", PAGES)
def test_every_link_leads_somewhere(page: str) -> None:
    assert dead_links(page) == []


def test_every_page_can_be_reached_from_the_readme() -> None:
    reached, left = set(), ["README.md"]
    while left:
        page = left.pop()
        reached.add(page)
        for link in _LINK.findall((ROOT / page).read_text()):
            target = ((ROOT / page).parent / link.partition("#")[0]).resolve()
            if target.suffix == ".md" and target.is_relative_to(ROOT):
                found = target.relative_to(ROOT).as_posix()
                left += [found] if found not in reached and target.exists() else []
    assert set(PAGES) - reached == set()


@pytest.mark.parametrize("page", PAGES)
def test_no_page_holds_what_a_merge_left_undecided(page: str) -> None:
    assert re.findall(r"^(?:<{7}|={7}|>{7})(?: .*)?$", (ROOT / page).read_text(), re.MULTILINE) == []

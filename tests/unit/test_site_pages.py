"""Links of a page in the repository become links within the site."""

from pathlib import Path

import pytest

from tools.site.pages import carried, linked_within_site, place_in_repository, place_in_site


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A repository with a page, what it links to, and what that links to."""
    files = {
        "docs/page.md": "[a](sub/other.md#part) [b](../README.md) [c](../tests/test_some.py) [d](../tests)",
        "docs/sub/other.md": "[up](../../CONTRIBUTING.md#words)",
        "README.md": "[a](docs/page.md) ![b](docs/some.svg) [c](LICENSE)",
        "CONTRIBUTING.md": "",
        "LICENSE": "free",
        "docs/some.svg": "",
        "tests/test_some.py": 'FENCE = "```"\n',
        "tests/_hidden.py": "",
        "not-linked.md": "",
    }
    for path, text in files.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    return tmp_path


@pytest.mark.parametrize(
    ("path", "link", "within_site"),
    [
        ("docs/page.md", "sub/other.md#part", "sub/other.md#part"),
        ("docs/page.md", "../README.md", "repository/README.md"),
        ("docs/sub/other.md", "../../CONTRIBUTING.md#words", "../repository/CONTRIBUTING.md#words"),
        ("docs/page.md", "../tests/test_some.py", "repository/tests/test_some.py.md"),
        ("docs/page.md", "../tests", "repository/tests.md"),
        ("README.md", "docs/page.md", "../page.md"),
        ("README.md", "docs/some.svg", "../some.svg"),
        ("README.md", "LICENSE", "LICENSE.md"),
        ("docs/page.md", "https://example.com/a", "https://example.com/a"),
        ("docs/page.md", "#part", "#part"),
        ("docs/page.md", "../gone.md", "../gone.md"),
        ("docs/page.md", "../../outside.md", "../../outside.md"),
    ],
)
def test_a_link_leads_to_the_place_in_the_site(root: Path, path: str, link: str, within_site: str) -> None:
    assert linked_within_site(root, path, f"see [it]({link}).") == f"see [it]({within_site})."


@pytest.mark.parametrize("path", ["docs/page.md", "docs/sub/other.md", "README.md", "examples/some/README.md"])
def test_a_page_in_the_site_is_known_by_its_place_in_the_repository(path: str) -> None:
    assert place_in_repository(place_in_site(path)) == path


def test_what_is_linked_is_carried_with_what_that_links_to(root: Path) -> None:
    assert set(carried(root)) == {"README.md", "CONTRIBUTING.md", "LICENSE", "tests", "tests/test_some.py"}


def test_a_source_is_shown_whole_and_is_not_searched(root: Path) -> None:
    shown = carried(root)["tests/test_some.py"]
    assert shown.startswith("---\nsearch:\n  exclude: true\n---\n\n# `tests/test_some.py`\n")
    assert shown.endswith('\n```` { .python }\nFENCE = "```"\n````\n')


def test_a_folder_is_shown_by_its_names(root: Path) -> None:
    assert carried(root)["tests"].endswith("# `tests/`\n\n- `test_some.py`\n")

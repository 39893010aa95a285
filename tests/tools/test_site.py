"""`make docs`: the site of this checkout is whole, fetches nothing, and a mistake in a page fails."""

import json
import re
from pathlib import Path

import pytest

from tools.checkout import Checkout
from tools.site.build import build_site, ensure_mkdocs
from tools.verbs import _docs

pytestmark = pytest.mark.xdist_group("site")  # built once, not by each worker

ROOT = Path(__file__).parents[2]
FETCHED = re.compile(r"""<(?:script|img|iframe|link)\b[^>]*\b(?:src|href)="?((?:https?:)?//[^"\s>]+)""")
CSS_FETCHES = re.compile(r"(?:@import|url\()\s*[\"']?(?:https?:)?//")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site of this checkout, in a folder of this test's."""
    folder = tmp_path_factory.mktemp("site")
    assert build_site(Checkout.this(), folder) == 0
    return folder


def test_every_page_of_the_repository_is_in_the_site(site: Path) -> None:
    pages = {page.relative_to(ROOT / "docs").with_suffix(".html") for page in (ROOT / "docs").rglob("*.md")}
    assert {str(page) for page in pages if not (site / page).exists()} == set()
    assert (site / "repository" / "CONTRIBUTING.html").exists()


def test_the_site_fetches_nothing_from_elsewhere(site: Path) -> None:
    pages = [*site.rglob("*.html")]
    assert len(pages) > 40
    assert {found for page in pages for found in FETCHED.findall(page.read_text())} == set()
    assert [style for style in site.rglob("*.css") if CSS_FETCHES.search(style.read_text())] == []


def test_the_search_works_on_pages_that_are_opened_as_files(site: Path) -> None:
    """The index is a script, and what stands in for the worker comes before the theme's script."""
    index = (site / "search" / "search_index.js").read_text().removeprefix("var __index = ")
    assert "reference/errors.html#foreignkeyerror" in {each["location"] for each in json.loads(index)["docs"]}
    page = (site / "reference" / "errors.html").read_text()
    assert page.index('src="../assets/iframe-worker.js"') < page.index("assets/javascripts/bundle.")
    assert (site / "assets" / "iframe-worker.js").exists()


def test_sources_that_are_linked_are_shown_and_not_searched(site: Path) -> None:
    assert (site / "repository" / "tests" / "stack" / "test_live_traffic.py.html").exists()
    assert "repository/tests" not in (site / "search" / "search_index.json").read_text()


def test_the_api_shows_the_docstrings_without_roles_of_sphinx(site: Path) -> None:
    page = (site / "reference" / "python-endpoint.html").read_text()
    assert 'id="whatsapp_flow_endpoint.FlowEndpoint.from_env"' in page
    assert "Answers Flow requests: checks the signature" in page
    assert not re.search(r":(class|meth|func|data):", page)


PAGE = "# A page\n\n## Some part\n\n[here](#some-part), [there](index.md#a-page), [beside](../beside.py)\n\n"
API = "<!-- reference: api some_package {} -->\n<!-- /reference -->\n\n"
PACKAGE = '''"""A package."""
from dataclasses import dataclass


@dataclass
class Described:
    """A class.

    Args:
        given: an argument.
    """

    given: str

    def act(self) -> None:
        """Acts."""


class Bare:
    """A class."""

    def act(self) -> None:
        pass


def bare() -> None:
    pass
'''
MISTAKES = {
    "[a page that is gone](gone.md)": "gone.md",
    "[a part that is gone](#gone)": "#gone",
    "[a part of a page that is gone](index.md#gone-too)": "index.md#gone-too",
    "[a source that is gone](../gone.py)": "../gone.py",
    API.format("Bare"): "some_package.Bare.act has no docstring",
    API.format("bare"): "some_package.bare has no docstring",
}
"""By what a page has, what MkDocs says."""


def clone(root: Path) -> Checkout:
    """One with the tools of this one, and a package; its only page is to be written."""
    ensure_mkdocs(Checkout.this())
    for folder in ("docs", ".dev"):
        (root / folder).mkdir()
    for shared in (".dev/docs", "tools"):
        (root / shared).symlink_to(ROOT / shared)
    settings = re.sub(r"^nav:\n.*?\n\n", "nav: [index.md]\n\n", (ROOT / "mkdocs.yml").read_text(), flags=re.M | re.S)
    settings = settings.replace("paths: [components, providers]", "paths: [.]").replace("[whatsapp_flow_keys]", "[]")
    (root / "mkdocs.yml").write_text(settings)
    (root / "beside.py").write_text("print()\n")
    (root / "some_package.py").write_text(PACKAGE)
    return Checkout(root)


def status_with(checkout: Checkout, page: str) -> int:
    (checkout.root / "docs" / "index.md").write_text(page)
    return _docs(checkout)


def test_a_page_without_a_mistake_passes_and_the_site_is_named(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    checkout = clone(tmp_path)
    assert status_with(checkout, PAGE + API.format("Described")) == 0
    assert capfd.readouterr().out.endswith(f": {checkout.root}/.dev/site/index.html\n")
    assert (checkout.root / ".dev" / "site" / "index.html").exists()


def test_each_mistake_of_a_page_is_named_and_fails(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    checkout = clone(tmp_path)
    (checkout.root / "docs" / "in-no-menu.md").write_text("# Forgotten\n")
    assert status_with(checkout, PAGE + "\n\n".join(MISTAKES)) == 1
    told, wanted = capfd.readouterr().err, ["in-no-menu.md", *MISTAKES.values()]
    assert {said for said in wanted if said not in told} == set()
    assert told.count("WARNING") == len(wanted)


def test_a_name_that_the_api_does_not_have_fails(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert status_with(clone(tmp_path), PAGE + API.format("gone")) == 1
    assert "some_package.gone could not be found" in capfd.readouterr().err

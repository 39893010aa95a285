"""The README's badges say what the package declares."""

from tests.pages import ROOT
from tools.badges import badges


def test_the_pictures_are_those_of_what_is_declared() -> None:
    assert {file: file.read_text() for file in badges()} == badges(), "`python -m tools.badges` writes them"


def test_they_are_legible_without_the_pictures() -> None:
    """The picture's words stand beside it in the README, for people to whom the page is read aloud."""
    head = (ROOT / "README.md").read_text().partition("\n## ")[0]
    for file, content in badges().items():
        says = content.partition("<title>")[2].partition("</title>")[0]
        assert f"![{says}](docs/pictures/{file.name})" in head

"""The pages that people read, and the commands on them.

A command is a line of an indented block; where the block shows what is printed, too, it follows `$`. Or it stands in a
sentence: a span of code that begins with one of ``PROGRAMS``. All other code stands between fences.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent
from typing import Literal

ROOT = Path(__file__).parents[1]
PAGES = sorted(
    page.relative_to(ROOT).as_posix()
    for page in (*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("examples/**/*.md"))
)

PROGRAMS = {
    *("aws", "az", "azd", "bao", "cat", "chgrp", "curl", "docker", "env", "eval", "export", "gcloud", "go", "kubectl"),
    *("make", "node", "npm", "openssl", "opentelemetry-instrument", "php", "pip", "printenv", "pulumi", "python"),
    *("python3", "vault", "whatsapp-flow-keys"),
}
"""Those whose commands are told from other code in a sentence by their first word."""

_PIECE = re.compile(
    r"^ *```(?P<fence>\w*\n(?s:.*?))^ *```$"
    r"|(?<=\n\n)(?P<block> {4}[^\n]*\n(?:\n* {4}[^\n]*\n)*)"
    r"|^#+ (?P<heading>[^\n]+)$"
    r"|^(?P<prose>[^\n]+)$",
    re.MULTILINE,
)
_SPAN = re.compile(r"(?<!Don't write )`([^`]+)`")
_SHELL = ("sh\n", "bash\n", "console\n", "shell\n")
_LINE = re.compile(r"^\(\n(?s:.*?)^\)$|^.+$", re.MULTILINE)
_COMMENT = re.compile(r"(^|\s+)# .*$", re.MULTILINE)
_ASSIGNMENTS = re.compile(r"^(\w+=\S* )*")


@dataclass(frozen=True)
class Code:
    """What is set as code under the heading ``section``: a block, its ``nth`` there, or a span of a sentence."""

    kind: Literal["fence", "block", "span"]
    section: str
    nth: int
    text: str

    def commands(self) -> list[str]:
        """Those in it, without comments."""
        if self.kind == "span":
            words = " ".join(self.text.split())
            program, _, arguments = _ASSIGNMENTS.sub("", words).partition(" ")
            return [words] if program in PROGRAMS and arguments else []
        if self.kind == "fence" and not self.text.startswith(_SHELL):
            return []
        text = self.text.partition("\n")[2] if self.kind == "fence" else self.text
        text = re.sub(r"\\\n\s*", "", _COMMENT.sub("", dedent(text)))
        return re.findall(r"^\$ (.+)$", text, re.MULTILINE) or _LINE.findall(text)


@dataclass(frozen=True)
class Command:
    """One command of a page; ``block`` is None in a sentence."""

    page: str
    section: str
    block: int | None
    words: str

    def __str__(self) -> str:
        return f"{self.page}, {self.section!r}: {self.words}"


def code(text: str) -> Iterator[Code]:
    """All code of a page, in its order; that of a section's sentences after the section's blocks."""
    section, blocks, prose = "", 0, ""
    for piece in _PIECE.finditer(f"\n\n{text}\n# the end\n"):
        kind = piece.lastgroup
        if kind == "heading":
            yield from (Code("span", section, nth, span) for nth, span in enumerate(_SPAN.findall(prose)))
            section, blocks, prose = piece[0].lstrip("# "), 0, ""
        elif kind == "prose":
            prose += f"{piece[0]}\n"
        elif kind == "block":
            yield Code("block", section, blocks, piece[0])
            blocks += 1
        else:
            yield Code("fence", section, blocks, piece["fence"])


def commands(page: str) -> list[Command]:
    """Every command on a page."""
    return [
        Command(page, each.section, None if each.kind == "span" else each.nth, words)
        for each in code((ROOT / page).read_text())
        for words in each.commands()
    ]


def commands_in_section(page: str, section: str, block: int | None = None, without: str = "") -> list[Command]:
    """Those in the blocks of a section, or in one of them, but for the one that begins with ``without``."""
    found = [each for each in commands(page) if each.section == section and each.block is not None]
    found = [each for each in found if block in (None, each.block)]
    left = [each for each in found if not without or not each.words.startswith(without)]
    assert left, f"{page} has no such commands under {section!r}"
    assert len(found) - len(left) == bool(without), f"{page} has no {without!r} under {section!r}, or several"
    return left


def commands_that_begin(page: str, words: str) -> list[Command]:
    """The only command on a page that begins so, in a block or in a sentence."""
    found = [each for each in commands(page) if each.words.startswith(words)]
    assert len({each.words for each in found}) == 1, f"{page} has none, or several, that begin with {words!r}"
    return found


def section_to_type(page: str, section: str, block: int | None = None, without: str = "") -> list[str]:
    """For a test that types the commands of a section, or of one of its blocks.

    The arguments are literals: tests/unit/test_typed_commands.py takes them out of the test's text.
    """
    return [each.words for each in commands_in_section(page, section, block, without)]


def command_to_type(page: str, words: str) -> str:
    """For a test that types the command of the page that begins so. The arguments are literals, as above."""
    return commands_that_begin(page, words)[0].words


def shown_below(page: str, command: str) -> str:
    """What the page shows that the command prints."""
    blocks = [dedent(each.text).partition("\n") for each in code((ROOT / page).read_text()) if each.kind == "block"]
    (shown,) = (rest for first, _, rest in blocks if first == f"$ {command}")
    return shown.strip("\n")


def fenced(page: str, language: str) -> list[str]:
    """What stands between a page's fences of a language."""
    fences = [each.text.partition("\n") for each in code((ROOT / page).read_text()) if each.kind == "fence"]
    return [dedent(text) for named, _, text in fences if named == language]

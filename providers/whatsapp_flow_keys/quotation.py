"""What another side said, as it may stand in a sentence that is shown in a terminal or written to a log."""

from collections.abc import Iterable


def quotable(said: str, longest: int, hidden: Iterable[str] = ()) -> str:
    """``said`` in one line of at most ``longest`` characters, which no terminal obeys.

    What isn't printable (escape sequences, marks that turn the direction of writing, half characters) is replaced by a
    question mark in a diamond (U+FFFD).

    Args:
        said: of whatever length and content.
        longest: the limit, in characters.
        hidden: secrets, which are replaced wherever they stand in it.
    """
    line = _one_line(said)
    for secret in filter(None, map(_one_line, hidden)):
        line = line.replace(secret, "[secret]")
    return line if len(line) <= longest else f"{line[: longest - 1]}…"


def _one_line(text: str) -> str:
    letters = (letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in " ".join(text.split()))
    return "".join(letters)

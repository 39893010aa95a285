"""What an answer may hold to rule the terminal that it is shown in: escape sequences, C1 controls, bidi overrides."""

HOSTILE = "\x1b[2J\x1b]0;title\x07 \x9b31m\x85 \u202egpj.exe\u2066\u200f \ud800 one\r\ntwo\u2028three " + "long " * 2000


def is_tame(text: str) -> bool:
    """One line of some length at most, which no terminal obeys."""
    return text.isprintable() and len(text) < 1500

"""Passphrases for tests to which strength doesn't matter."""


def strong(words: str) -> str:
    """One that looks made at random, so that opening a key takes 0.4 ms; of words that a person chose it takes 75."""
    return f"{words.replace(' ', '-')}-0".ljust(43, "0")

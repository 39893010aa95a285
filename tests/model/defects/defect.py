"""What a seeded defect is."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Defect:
    """``old`` stands once in ``file`` and becomes ``new``. ``found_by`` names a search; ``promise`` is what it says.

    ``also`` are further edits, where one rule is kept in two places. ``missed_by`` names a similar search that
    does not find the defect; ``needs`` are outcomes without which, left out together, the search does not find it."""

    about: str
    file: str
    old: str
    new: str
    found_by: str
    promise: str
    also: tuple[tuple[str, str, str], ...] = ()
    missed_by: str = ""
    needs: tuple[str, ...] = ()

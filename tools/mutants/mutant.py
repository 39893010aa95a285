"""One defect that is put into one module."""

from dataclasses import dataclass

Identity = tuple[str, str, str, str, int]


@dataclass(frozen=True)
class Mutant:
    """``was`` became ``becomes`` in ``where``, a function or class of ``module`` (a path below the product's package).

    ``nth`` counts those that read alike in one place. Its identity has no line, so that it outlives changes elsewhere.
    ``lines`` are those whose tests can notice it, unless it is in what runs ``at_import``, before any test. The bytes
    from ``start`` to ``end`` are replaced; those of ``scope`` are its whole function, or its statement where it is in
    none.
    """

    module: str
    where: str
    was: str
    becomes: str
    nth: int
    line: int
    lines: tuple[int, int]
    at_import: bool
    start: int
    end: int
    text: str
    scope: tuple[int, int]

    @property
    def identity(self) -> Identity:
        """What a record of it is found by."""
        return self.module, self.where, self.was, self.becomes, self.nth

    def of(self, source: bytes) -> bytes:
        """The module's source with the defect in it."""
        return source[: self.start] + self.text.encode() + source[self.end :]

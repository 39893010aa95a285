"""The scores and the survivors, as the terminal shows them and docs/mutation-testing.md holds them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tools.checkout import write_whole
from tools.mutants.mutant import Identity

_BEGIN, _END = "<!-- make mutants -->", "<!-- /make mutants -->"
MOST_UNEXPLAINED = 0.03


@dataclass(frozen=True)
class Score:
    """Of one module: how many mutants there are, and which survive."""

    module: str
    mutants: int
    survivors: tuple[Identity, ...]

    def unexplained(self, reasons: Mapping[Identity, str]) -> list[Identity]:
        """Those without a reason."""
        return [identity for identity in self.survivors if identity not in reasons]


def table(scores: Sequence[Score], reasons: Mapping[Identity, str]) -> str:
    """A row for each module, and their sum."""
    rows = [_row(score.module, [score], reasons) for score in scores]
    rows.append(_row("**all**", scores, reasons))
    head = [
        "| module | mutants | killed | survive with a reason | unexplained |",
        "| --- | ---: | ---: | ---: | ---: |",
    ]
    return "\n".join([*head, *rows])


def _row(name: str, scores: Sequence[Score], reasons: Mapping[Identity, str]) -> str:
    mutants = sum(score.mutants for score in scores)
    alive = sum(len(score.survivors) for score in scores)
    unexplained = sum(len(score.unexplained(reasons)) for score in scores)
    killed = f"{mutants - alive} ({(mutants - alive) / max(mutants, 1):.1%})"
    return f"| {name} | {mutants} | {killed} | {alive - unexplained} | {unexplained} |"


def survivors(scores: Sequence[Score], reasons: Mapping[Identity, str]) -> str:
    """A list for each module that has any, those with the same reason together."""
    parts: list[str] = []
    for score in scores:
        by_reason: dict[str, list[Identity]] = {}
        for identity in score.survivors:
            by_reason.setdefault(reasons.get(identity, "**unexplained**"), []).append(identity)
        if by_reason:
            parts.append(f"### {score.module}\n")
        for reason, alike in by_reason.items():
            parts += [f"{reason}:\n" if not reason.endswith(".") else f"{reason[:-1]}:\n"]
            parts += [_line(identity) for identity in alike]
            parts.append("")
    return "\n".join(parts).rstrip()


def _line(identity: Identity) -> str:
    _, where, was, becomes, nth = identity
    again = f" (number {nth + 1} of those that read so)" if nth else ""
    return f"- `{where}`{again}: {_code(was)} becomes {_code(becomes)}"


def _code(text: str) -> str:
    return f"`` {text} ``" if "`" in text else f"`{text}`"


def write_between(page: Path, text: str) -> None:
    """Replaces what stands between the page's marks."""
    before, _, rest = page.read_text(encoding="utf-8").partition(_BEGIN)
    _, _, after = rest.partition(_END)
    write_whole(page, f"{before}{_BEGIN}\n{text}\n{_END}{after}")

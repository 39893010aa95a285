"""The errors of calls to Meta: an entry for each class, and which of Meta's codes become it."""

from __future__ import annotations

from collections.abc import Container

from tools.reference.rows import rows
from tools.reference.sentences import first_paragraph, first_sentence
from whatsapp_flow_keys.registrars.meta_graph import errors
from whatsapp_flow_keys.registrars.meta_graph.errors import ErrorAnswer, GraphError
from whatsapp_flow_keys.registrars.meta_graph.meanings import MEANINGS, Meaning

WITHOUT_EFFECT = "everything: the call had no effect. Forms go on with the key that Meta serves."
MAYBE_WITH_EFFECT = (
    "every store keeps the old key and the new one. Whether a key that was sent has taken effect at Meta is not known "
    "until the next run reads it."
)


def errors_of_meta() -> str:
    """What each class means, what it left unchanged, what to do; `GraphError` itself is for its page to describe."""
    classes = (value for value in vars(errors).values() if isinstance(value, type) and issubclass(value, GraphError))
    return "\n\n".join(_entry(kind) for kind in classes if kind is not GraphError)


def codes_of_meta() -> str:
    """The table by which an answer is read; the first row that fits counts."""
    head = ("code", "subcode", "words in the answer", "error", "what is wrong")
    return rows(head, [_row(meaning) for meaning in MEANINGS])


def _entry(kind: type[GraphError]) -> str:
    tried = f" By then the call was tried up to {kind.tries} times." if kind.tries > 1 else ""
    is_open = kind("", ErrorAnswer(500), changing=True).may_have_taken_effect
    return (
        f"### {kind.__name__}\n\n{first_paragraph(kind)}{tried}\n\n"
        f"- **Unchanged:** {MAYBE_WITH_EFFECT if is_open else WITHOUT_EFFECT}\n"
        f"- **What to do:** {kind('').advice_given}"
    )


def _row(meaning: Meaning) -> tuple[str, ...]:
    words = meaning.pattern.partition("\\")[0].strip()  # up to what is different in each answer
    name, cause = meaning.kind.__name__, meaning.cause or meaning.kind.cause or first_sentence(meaning.kind)
    subcode, quoted = str(meaning.subcode or ""), f"`{words}`" if words else ""
    return _ranges(meaning.codes), subcode, quoted, f"[{name}](#{name.lower()})", cause.replace("{node}", "…")


def _ranges(codes: Container[int]) -> str:
    """As in ``10, 200-299``."""
    assert isinstance(codes, tuple)
    runs: list[tuple[int, int]] = []
    for code in sorted(codes):
        first = runs.pop()[0] if runs and code == runs[-1][1] + 1 else code
        runs.append((first, code))
    return ", ".join(str(first) if first == last else f"{first}-{last}" for first, last in runs)

"""The errors of calls to AWS End User Messaging Social: an entry for each class, and which codes become it."""

from __future__ import annotations

import re

from tools.reference.meta_errors import MAYBE_WITH_EFFECT, WITHOUT_EFFECT
from tools.reference.rows import rows
from tools.reference.sentences import first_paragraph
from whatsapp_flow_keys.registrars.aws_social import errors
from whatsapp_flow_keys.registrars.aws_social.client import NOT_A_KEY, NOT_AWS
from whatsapp_flow_keys.registrars.aws_social.errors import AwsAnswer, AwsSocialError, AwsUnexpectedAnswerError
from whatsapp_flow_keys.registrars.aws_social.meanings import MEANINGS, WORDS, Meaning

_FILLED_IN = {**WORDS, "action": "the action", "code": "its code"}


def errors_of_aws() -> str:
    """What each class means, what it left unchanged, what to do; the base is for its page to describe."""
    classes = (
        value for value in vars(errors).values() if isinstance(value, type) and issubclass(value, AwsSocialError)
    )
    return "\n\n".join(_entry(kind) for kind in classes if kind is not AwsSocialError)


def codes_of_aws() -> str:
    """The table by which a failed call is read; the first row that fits counts."""
    return rows(("code, or class of boto3's error", "words in the answer", "error"), [_row(each) for each in MEANINGS])


def _entry(kind: type[AwsSocialError]) -> str:
    tried = f" By then the call was tried up to {kind.tries} times." if kind.tries > 1 else ""
    is_open = kind("", "", AwsAnswer(500), changing=True).may_have_taken_effect
    return (
        f"### {kind.__name__}\n\n{first_paragraph(kind)}{tried}\n\n"
        f"- **Unchanged:** {MAYBE_WITH_EFFECT if is_open else WITHOUT_EFFECT}\n"
        f"- **What to do:** {_advice(kind)}"
    )


def _advice(kind: type[AwsSocialError]) -> str:
    said = [_plain(meaning) for meaning in MEANINGS if meaning.kind is kind]
    said += [NOT_AWS, NOT_A_KEY] if kind is AwsUnexpectedAnswerError else []
    return " ".join(f"{each[:1].upper()}{each[1:]}." for each in dict.fromkeys(said))


def _plain(meaning: Meaning) -> str:
    """The sentence with words in the place of what each answer fills in."""
    said = meaning.refusal.said.replace(" ({code} at {action})", "").replace(" ({code})", "")
    return re.sub(r"\{(\w+)\}", lambda found: _FILLED_IN.get(found[1], f"… {found[1]}"), said)


def _row(meaning: Meaning) -> tuple[str, ...]:
    codes = ", ".join(f"`{code}`" for code in sorted(meaning.refusal.codes.split()))
    words = re.sub(r"\(\?P<\w+>.*|\?.*", "", meaning.refusal.pattern).strip()
    name = meaning.kind.__name__
    return codes, f"`{words}`" if words else "", f"[{name}](#{name.lower()})"

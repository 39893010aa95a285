"""No command on a page hands a secret to a process as an argument, which everybody on the machine can list."""

import re
import shlex
from collections.abc import Iterator

import pytest

from tests.pages import PAGES, ROOT, code

_OPTION = re.compile(r"--?(access-token|app-secret|passphrase|password|secret-string|token)\b")
_ASSIGNMENT = re.compile(r"\w+=")
_SECRET_ASSIGNMENT = re.compile(r"\w*(TOKEN|SECRET|PASSPHRASE|PASSWORD|FLOW_KEYS)\w*=")
_HEADER = re.compile(r"Authorization:|Bearer |[?&]access_token=")
_BUILT_IN = ("export", "local", "read", "unset")


def commands(page: str) -> Iterator[list[str]]:
    """The words of each command in the page's code, those that begin with an assignment for it left out."""
    for each in code(page):
        text = " ".join(each.text.split()) if each.kind == "span" else each.text.replace("\\\n", " ")
        for command in re.split(r"\|+|&&|;|\n", text):
            try:
                words = shlex.split(command, comments=True)
            except ValueError:  # a quotation with a pipe in it
                words = command.split()
            while words and _ASSIGNMENT.match(words[0]):
                words.pop(0)
            yield words


def shown_secrets(words: list[str]) -> list[str]:
    """The words of a command that are a secret, or are followed by one."""
    if words[:3] == ["pulumi", "config", "set"] and "--secret" in words:
        return [word for word in words[: _end(words)][3:] if not word.startswith("-")][1:]
    if words[:1] and words[0] in _BUILT_IN:
        return []
    return [word for word in words[1:] if _OPTION.match(word) or _SECRET_ASSIGNMENT.match(word) or _HEADER.search(word)]


def _end(words: list[str]) -> int:
    """Where a command's arguments end, and what its input comes from begins."""
    return words.index("<") if "<" in words else len(words)


@pytest.mark.parametrize("page", PAGES)
def test_no_recipe_has_a_secret_among_the_arguments_of_a_process(page: str) -> None:
    found = [(words, shown) for words in commands((ROOT / page).read_text()) if (shown := shown_secrets(words))]
    assert found == []


@pytest.mark.parametrize(
    "recipe",
    [
        '    pulumi config set --secret whatsapp:accessToken "$TOKEN"',
        "    pulumi config set whatsapp:accessToken EAA --secret",
        '    curl -H "Authorization: Bearer $TOKEN" https://graph.facebook.com/',
        "    curl https://graph.facebook.com/1?access_token=EAA",
        "Type `env WHATSAPP_ACCESS_TOKEN=EAA whatsapp-flow-keys verify`.",
        "```sh\ndocker run -e WHATSAPP_APP_SECRET=words image\n```",
        "Run `python -m whatsapp_graph_emulator --token any-text`.",
        "    cat keys | aws secretsmanager put-secret-value --secret-id x --secret-string EAA",
    ],
)
def test_a_secret_among_the_arguments_is_found(recipe: str) -> None:
    assert any(shown_secrets(words) for words in commands(recipe))


@pytest.mark.parametrize(
    "recipe",
    [
        "    pulumi config set --secret whatsapp:accessToken      # asks for it",
        "    pulumi config set --secret existingKey < private.pem",
        "    printenv WHATSAPP_FLOW_PASSPHRASE | pulumi config set --secret linePassphrase",
        "`WHATSAPP_EMULATOR_TOKENS=any-text python -m whatsapp_graph_emulator --port 8360`",
        "    export WHATSAPP_ACCESS_TOKEN=EAA",
        "Don't write `env WHATSAPP_FLOW_KEYS=EAA command`.",
    ],
)
def test_a_secret_by_the_environment_or_the_input_is_no_argument(recipe: str) -> None:
    assert not any(shown_secrets(words) for words in commands(recipe))

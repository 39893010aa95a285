"""Every command on every page is typed by a test, or is listed here with the reason why none types it.

A test that types commands takes them from the page, by ``section_to_type`` or ``command_to_type``; what it asks for is
read out of its text here. A command in a sentence, which has no place in a sequence, counts as typed where it is the
beginning of one that is typed, on whichever page.
"""

import ast
from collections.abc import Callable, Iterator

import pytest

from tests.pages import (
    PAGES,
    ROOT,
    Command,
    code,
    command_to_type,
    commands,
    commands_in_section,
    commands_that_begin,
    section_to_type,
)

_FOUND_BY: dict[str, Callable[..., list[Command]]] = {
    section_to_type.__name__: commands_in_section,
    command_to_type.__name__: commands_that_begin,
}

NOT_TYPED = {
    "AWS's command line needs an account at AWS": (
        "aws sso login",
        "aws iam put-role-policy …",
    ),
    "Azure's command line needs an account at Azure, and nothing stands in for that": (
        "az login",
        "azd auth login",
        "az role assignment create …",
        "az keyvault secret list-versions …",
        "az keyvault secret set-attributes …",
        "az keyvault secret delete …",
        "az keyvault secret purge …",
    ),
    "Google's command line needs an account at Google, and nothing stands in for that": (
        "gcloud auth application-default login",
        "gcloud auth application-default login --impersonate-service-account=…",
        "gcloud iam roles create whatsappFlowKeys …",
        "gcloud iam roles create whatsappFlowNewSecrets …",
        "gcloud projects add-iam-policy-binding my-project --role=projects/my-project/roles/whatsappFlowKeys …",
        "gcloud projects add-iam-policy-binding my-project --role=projects/my-project/roles/whatsappFlowNewSecrets …",
        "gcloud secrets add-iam-policy-binding …",
        "gcloud secrets versions list …",
        "gcloud secrets versions access …",
        "gcloud secrets versions destroy …",
    ),
    "HashiCorp's program is not among the tools; `bao` takes the same words, and with it they are typed": (
        "vault login",
        "vault kv",
        "vault kv undelete",
    ),
    "no package index has the package yet; the quick start and the consumer stack install the wheel": (
        "pip install whatsapp-flow-encryption",
        'pip install "whatsapp-flow-encryption[pulumi]"',
        'pip install "whatsapp-flow-encryption[pulumi,aws]"',
        'pip install "whatsapp-flow-encryption[pulumi,vault]"',
        'pip install "whatsapp-flow-encryption[pulumi,gcp]"',
        'pip install "whatsapp-flow-encryption[pulumi,kubernetes]"',
        'pip install "whatsapp-flow-encryption[cli]"',
        'pip install "whatsapp-flow-encryption[emulator]"',
        "pip install --target layer/python …",
    ),
    "OpenTelemetry's distribution is not among the tools; tests/unit/test_watching_page.py sets up the SDK itself": (
        'pip install "whatsapp-flow-encryption[otel]" "opentelemetry-distro[otlp]"',
        "export OTEL_SERVICE_NAME=…",
        "opentelemetry-instrument gunicorn app:app",
    ),
    "it generates an SDK with a language host of a release of Pulumi, which can't be had everywhere": (
        "pulumi package add whatsapp",
        "pulumi package add whatsapp@0.1.0",
        "pulumi package gen-sdk dist/schema.json --language nodejs --out sdk",
    ),
    "it downloads packages; `make test` got the same ones before, by `npm ci`": ("npm install",),
    "the tests' environment for policies has pinned packages": (
        "python3 -m venv ../policy-pack/venv",
        "../policy-pack/venv/bin/pip install -r ../policy-pack/requirements.txt",
    ),
    "it fetches from the place where somebody keeps the repository": (
        'pip install "whatsapp-flow-encryption[pulumi] @ git+https://HOST/OWNER/REPOSITORY@COMMIT"',
    ),
    "it publishes": ("git tag v0.1.0", "git push origin v0.1.0"),
    "it downloads what the plugin's environment needs": (
        "pulumi plugin install resource whatsapp 0.1.0 --file dist/pulumi-resource-whatsapp-v0.1.0-linux-amd64.tar.gz",
    ),
    "it tells how the server that was measured is installed": ("pip install uvicorn",),
    "`make setup` does it, editable": ('pip install ".[pulumi]"', 'pip install ".[plugin]"'),
    "the tests' own stacks have the token in the environment": ("pulumi config get whatsapp:accessToken",),
    "the environment of the tests has it": ("pip install flask",),
    "on the page of the Lambda it fetches 300 MB; tests/examples makes that environment once": ("pulumi install",),
    "the stand-in for AWS has no KMS; the example's tests under mocks give the setting": (
        "pulumi config set kmsKeyArn arn:aws:kms:…",
    ),
    "every test of the example has it in its environment, for an emulator of its own": (
        "export WHATSAPP_GRAPH_URL=http://127.0.0.1:8360",
    ),
    "every test of the engine types it by Project.up, with `--yes`": ("pulumi up --skip-preview",),
    "it is a part of `make lint` and `make test`, which CI types": (
        "make check",
        'make test ARGS="tests/unit/test_ring.py"',
        'make test ARGS="-k rotation"',
    ),
    "it writes the page that the same test compares otherwise": (
        'make test ARGS="tests/model/test_search.py --write-docs"',
        'make test ARGS="tests/stack/test_kills.py --write-docs"',
        'make test ARGS="tests/stack/test_previews.py --write-docs"',
        'make test ARGS="tests/unit/test_reference.py --write-docs"',
    ),
    "it measures, for minutes, on a quiet machine; tests/tools/test_bench.py and its like run the parts": (
        "make bench",
        "make bench ARGS=endpoint",
        'make bench ARGS="endpoint --quick"',
        "make bench ARGS=custody",
        'make bench ARGS="custody --quick"',
        "make bench ARGS=stacks",
        'make bench ARGS="stacks --quick"',
        "openssl speed rsa2048",
    ),
    "it takes minutes, or an hour; tests/unit/test_mutants.py runs the parts": (
        "make mutants",
        'make mutants ARGS="ring removal"',
        'make mutants ARGS="ring --tests unit/test_ring"',
        'make mutants ARGS="lifecycle --every 5"',
    ),
    "it takes hours; tests/model/test_soak.py and tests/unit/test_endpoint_soak.py run the parts": ("make soak",),
    "it searches for minutes": ('python -m tests.model "two at once, 2 rounds: one stack, two machines, 1 faults"',),
    "tests/model/test_seeded_defects.py makes such searches": (
        'python -m tests.model "around: a generated passphrase, 1 faults" --without "get: fails"',
    ),
    "it records the local stack in two terminals; tests/tools/test_recording.py runs the parts": (
        "python -m tools.recording",
    ),
    "the test builds the program first, and so starts a process that it can stop": ("go run flow.go",),
}
"""By the reason why no test types them: commands, or with `…` at their end the beginnings of some."""


def asked_for() -> Iterator[Command]:
    """The commands that tests take from pages to type them."""
    for file in sorted((ROOT / "tests").rglob("*.py")):
        if file.name == "pages.py" or not any(f"{name}(" in file.read_text() for name in _FOUND_BY):
            continue
        for call in ast.walk(ast.parse(file.read_text(), file)):
            if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id in _FOUND_BY:
                named = {word.arg: ast.literal_eval(word.value) for word in call.keywords if word.arg}
                yield from _FOUND_BY[call.func.id](*map(ast.literal_eval, call.args), **named)


def typed_by_ci() -> set[str]:
    return set((ROOT / ".ci" / "run").read_text().splitlines())


EVERY = [command for page in PAGES for command in commands(page)]


@pytest.fixture(scope="module")
def typed() -> set[Command]:
    found, ci = set(asked_for()), typed_by_ci()
    found |= {command for command in EVERY if command.words in ci}
    words = [command.words for command in found]
    mentioned = {
        command
        for command in EVERY
        if command.block is None and any(f"{each} ".startswith(f"{command.words} ") for each in words)
    }
    return found | mentioned


LISTED = [words for of_one_reason in NOT_TYPED.values() for words in of_one_reason]


def fits(command: Command, words: str) -> bool:
    return command.words == words or (words.endswith("…") and command.words.startswith(words.removesuffix("…")))


def test_every_command_is_typed_or_listed_with_the_reason(typed: set[Command]) -> None:
    left = [command for command in EVERY if command not in typed]
    assert [str(command) for command in left if not any(fits(command, words) for words in LISTED)] == []


@pytest.mark.parametrize("words", LISTED)
def test_what_is_listed_stands_on_a_page_and_is_not_typed(typed: set[Command], words: str) -> None:
    found = {command.words for command in EVERY if fits(command, words) and command not in typed}
    assert len(found) == 1, found


PAGE = """# A page

Type `pulumi preview`, with `WORDS=some pulumi
up`, not `pulumi`, nor `deploy=`. Don't write `env A=b pulumi up`.

## A part

    pulumi stack init prod   # once
    # then
    pip install one \\
        two
    (
      eval "$(words)"
      pulumi up
    )

- And so:

      $ whatsapp-flow-keys show
      Phone number 1

      Store file:///ring.json
- last

```text
pulumi destroy
```

```sh
pulumi cancel
```
"""


def test_commands_are_told_from_comments_outputs_and_other_code() -> None:
    found = [(each.section, each.kind, words) for each in code(PAGE) for words in each.commands()]
    assert found == [
        ("A page", "span", "pulumi preview"),
        ("A page", "span", "WORDS=some pulumi up"),
        ("A part", "block", "pulumi stack init prod"),
        ("A part", "block", "pip install one two"),
        ("A part", "block", '(\n  eval "$(words)"\n  pulumi up\n)'),
        ("A part", "block", "whatsapp-flow-keys show"),
        ("A part", "fence", "pulumi cancel"),
    ]

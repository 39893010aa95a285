"""examples/aws-lambda: its types, its tests, its policies, and its handler with its keys in Secrets Manager (moto).

The first two run in the environment that has pulumi-aws.
"""

import importlib.util
import json
import os
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.forms import APP_SECRET, FORM, PING, key, ring, sent
from tests.servers.secrets_manager import ACCOUNT, REGION, SecretsManager
from tools.checkout import Checkout
from whatsapp_flow_endpoint.aws_lambda import LambdaHandler
from whatsapp_flow_keys.keys import PrivateKey
from whatsapp_flow_keys.stores.urls import open_store

pytestmark = pytest.mark.xdist_group("examples")  # one environment, one worker

ROOT = Checkout.this().root
EXAMPLE = ROOT / "examples" / "aws-lambda"
PAGE = ROOT / "docs" / "stores" / "aws-secrets-manager.md"
OF_THE_PAGE = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:whatsapp/flows/support-line"
PINS = Path(__file__).with_name("requirements-aws-lambda.txt")

PASSPHRASE = "a-passphrase-made-up-for-tests"
SECRET = "whatsapp/flows/prod/example"


def ran(command: list[Any], cwd: Path) -> str:
    """Why a command failed, or "": its output then. None of this process's Python settings reach it."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "PYTHON"))}
    done = subprocess.run(command, cwd=cwd, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    return "" if done.returncode == 0 else f"exit status {done.returncode}\n{done.stdout}\n{done.stderr}"


def test_the_example_is_clean_under_mypy_strict(python: Path) -> None:
    assert ran([python, "-m", "mypy", "--config-file", PINS.with_name("mypy-aws-lambda.ini")], ROOT) == ""


def test_the_example_passes_its_tests_under_pulumi_mocks(python: Path) -> None:
    assert ran([python, "-m", "pytest", "-q"], EXAMPLE) == ""


def pinned(file: Path) -> set[tuple[str, str]]:
    return set(re.findall(r"^([a-z0-9-]+)==(\S+?)(?=[;\s])", file.read_text(), re.MULTILINE))


def test_the_example_is_tested_with_the_packages_that_everything_else_is() -> None:
    ours, everybodys = pinned(PINS), pinned(ROOT / "tools" / "requirements.txt")
    names = {name for name, _ in everybodys}
    assert {"pulumi", "pulumi-random", "cryptography", "requests", "boto3", "pytest", "mypy"} <= names
    assert {(name, version) for name, version in ours if name in names} <= everybodys


def loaded(name: str) -> Any:
    """A module of the example that needs no pulumi-aws, started anew."""
    spec = importlib.util.spec_from_file_location(f"example_aws_lambda_{name}", EXAMPLE / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("who", ["stack", "endpoint"])
def test_the_policies_are_those_of_the_page(who: str) -> None:
    text = PAGE.read_text().partition(f"### For the {who}\n")[2]
    page = json.loads(text.partition("```json\n")[2].partition("```")[0])
    policy, kms_key = getattr(loaded("policies"), f"{who}_policy"), page["Statement"][1]["Resource"]
    assert policy(OF_THE_PAGE, kms_key) == page
    assert policy(OF_THE_PAGE) == {**page, "Statement": page["Statement"][:1]}


@pytest.fixture
def write(secrets_manager: SecretsManager, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Writes a ring of these keys to the secret, in which the function's environment is that of the program."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    function = {
        "WHATSAPP_FLOW_KEYS": f"awssecretsmanager://{REGION}/{SECRET}?account={ACCOUNT}",
        "WHATSAPP_FLOW_PASSPHRASE": PASSPHRASE,
        "WHATSAPP_APP_SECRET": APP_SECRET,
    }
    for name, value in {**secrets_manager.environment, **function}.items():
        monkeypatch.setenv(name, value)

    def put(*keys: PrivateKey) -> None:
        store = open_store(function["WHATSAPP_FLOW_KEYS"])
        before = store.read()
        store.write(ring(*keys, revision=before.ring.revision + 1 if before.ring else 1, passphrase=PASSPHRASE), before)

    return put


def answered(handler: LambdaHandler, payload: object, to: PrivateKey) -> Any:
    """What comes back for a signed request, as an HTTP API hands it on."""
    request = sent(payload, to)
    event = {
        "version": "2.0",
        "routeKey": "POST /flows",
        "headers": {name.lower(): value for name, value in request.signed.items()},
        "requestContext": {"http": {"method": "POST", "path": "/flows"}},
        "body": request.body.decode(),
        "isBase64Encoded": False,
    }
    answer = handler(event, None)
    assert answer["statusCode"] == 200
    return request.session.decrypt_answer(answer["body"])


def test_the_handler_answers_a_ping(write: Callable[..., None]) -> None:
    write(key())
    assert answered(loaded("handler").handler, PING, key()) == {"data": {"status": "active"}}


def test_the_handler_answers_a_form(write: Callable[..., None]) -> None:
    write(key())
    handler = loaded("handler").handler
    opened = answered(handler, {"version": "3.0", "action": "INIT", "flow_token": "a-form"}, key())
    assert opened["screen"] == "DAY"
    day = opened["data"]["days"][0]["id"]
    done = answered(handler, {**FORM, "data": {"day": day}, "flow_token": "a-form"}, key())
    assert done["data"]["extension_message_response"]["params"] == {"day": day, "flow_token": "a-form"}


def test_a_running_handler_answers_with_the_next_key_and_still_with_the_one_before(write: Callable[..., None]) -> None:
    write(key())
    handler = loaded("handler").handler
    write(key("next"), key())
    for each in (key("next"), key()):
        assert answered(handler, PING, each) == {"data": {"status": "active"}}

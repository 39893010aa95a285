"""What the program asks AWS for and in which order."""

import json
import os
import re
from pathlib import Path
from typing import Any

import pulumi
import pytest

import lambda_endpoint
import policies
from mocked_engine import (
    ACCOUNT,
    API,
    APP_SECRET,
    EXECUTION,
    FUNCTION,
    INTEGRATION,
    KEY,
    LOG,
    PERMISSION,
    PROGRAM,
    REGION,
    REGISTRATION,
    ROLE_POLICY,
    ROUTE,
    STACK,
    STAGE,
    Engine,
    outputs,
    run,
    secret,
)

FOLDER = f"whatsapp/flows/{STACK}"
THIS_SECRET = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:{FOLDER}/support-line"
KMS_KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/a-key"
ENDPOINT = {FUNCTION, PERMISSION, INTEGRATION, ROUTE, STAGE}


@pytest.fixture(autouse=True)
def layer(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A layer as pip fills it."""
    package = tmp_path / "python" / "whatsapp_flow_endpoint"
    package.mkdir(parents=True)
    monkeypatch.setattr(lambda_endpoint, "LAYER", tmp_path)
    return package


def policy(engine: Engine, name: str) -> Any:
    return json.loads(engine.inputs(ROLE_POLICY, f"support-line-{name}")["policy"])


def test_the_function_gets_the_staged_environment_and_the_app_secret_as_secrets() -> None:
    engine = run()
    assert secret(engine.inputs(FUNCTION)["environment"]) == {
        "variables": {
            "WHATSAPP_FLOW_KEYS": f"awssecretsmanager://{REGION}/{FOLDER}/support-line",
            "WHATSAPP_FLOW_PASSPHRASE": secret(engine.inputs(KEY)["passphrase"]),
            "WHATSAPP_APP_SECRET": APP_SECRET,
        }
    }


def test_the_function_is_made_after_its_key_and_its_rights() -> None:
    rights = {(ROLE_POLICY, "support-line-keys"), (ROLE_POLICY, "support-line-log")}
    assert {(KEY, "support-line"), *rights} <= run().waits_for(FUNCTION)


def test_the_key_is_published_after_the_whole_endpoint_is_in_place() -> None:
    assert {(kind, "support-line") for kind in {KEY, *ENDPOINT}} <= run().waits_for(REGISTRATION)


def test_the_stage_is_made_after_its_route_so_its_first_deployment_has_it() -> None:
    assert (ROUTE, "support-line") in run().waits_for(STAGE)


@pytest.mark.parametrize("failing", sorted(ENDPOINT))
def test_nothing_is_published_when_a_part_of_the_endpoint_can_not_be_made(failing: str) -> None:
    names = run(failing=failing).names
    assert KEY in names
    assert REGISTRATION not in names


def test_a_rotation_has_to_be_answered_at_the_address_that_the_api_routes() -> None:
    engine = run()
    assert engine.inputs(ROUTE)["routeKey"] == "POST /flows"
    assert engine.inputs(REGISTRATION)["endpoint_url"] == f"{API}/flows"


def test_the_role_reads_this_secret_and_no_other() -> None:
    assert policy(run(), "keys") == policies.endpoint_policy(THIS_SECRET)


def test_the_role_decrypts_this_secret_and_no_other() -> None:
    engine = run(kms_key=KMS_KEY)
    assert policy(engine, "keys") == policies.endpoint_policy(THIS_SECRET, KMS_KEY)
    assert engine.inputs(KEY)["store"] == f"awssecretsmanager://{REGION}/{FOLDER}/support-line?kms_key_id={KMS_KEY}"


def test_the_role_writes_to_the_log_of_its_function_and_no_other() -> None:
    engine = run()
    (statement,) = policy(engine, "log")["Statement"]
    assert statement["Resource"] == f"{LOG}:*"
    assert engine.inputs(FUNCTION)["loggingConfig"]["logGroup"] == "support-line"


def test_the_role_has_no_further_rights() -> None:
    rights = {kind: names for kind, names in run().names.items() if kind.startswith("aws:iam/")}
    assert rights == {
        "aws:iam/role:Role": {"support-line"},
        ROLE_POLICY: {"support-line-keys", "support-line-log"},
    }


def test_the_function_is_called_by_this_route_alone() -> None:
    permission = run().inputs(PERMISSION)
    assert (permission["principal"], permission["sourceArn"]) == ("apigateway.amazonaws.com", f"{EXECUTION}/*/*/flows")


def test_the_policy_for_who_runs_the_stack_is_an_output() -> None:
    run(kms_key=KMS_KEY)
    assert json.loads(outputs()["stack_policy"]) == policies.stack_policy(THIS_SECRET, KMS_KEY)


def test_without_the_layer_the_program_says_what_to_do(layer: Path) -> None:
    os.rmdir(layer)
    with pytest.raises(pulumi.RunError, match="README"):
        run()


def test_the_layer_is_filled_for_the_python_and_the_processor_of_the_function() -> None:
    page = PROGRAM.with_name("README.md").read_text()
    (command,) = re.findall(r"^    pip install .*\n.*$", page, re.MULTILINE)
    assert re.findall(r"--python-version (\S+)", command) == [lambda_endpoint.PYTHON]
    assert set(re.findall(r"--platform manylinux(?:2014|_\d+_\d+)_(\S+)", command)) == {lambda_endpoint.ARCHITECTURE}
    function = run().inputs(FUNCTION)
    assert function["runtime"] == f"python{lambda_endpoint.PYTHON}"
    assert function["architectures"] == [lambda_endpoint.ARCHITECTURE]

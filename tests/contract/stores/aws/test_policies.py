"""The page's IAM policies for AWS Secrets Manager allow what the store calls, and nothing else."""

import json
import re
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest

from tests.contract.stores.aws.rings import ring
from tests.contract.stores.aws_place import AwsPlace
from tests.contract.stores.place import delete
from tests.servers.secrets_manager import ACCOUNT, REGION

BARE = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:whatsapp/flows/support-line"
PAGE = Path(__file__).parents[4] / "docs" / "stores" / "aws-secrets-manager.md"


def policies() -> dict[str, dict[str, Any]]:
    """The policies of the page, by their headings."""
    found = re.findall(r"^### (For the \w+)\n.*?^```json\n(.*?)^```$", PAGE.read_text(), re.MULTILINE | re.DOTALL)
    return {heading: json.loads(text) for heading, text in found}


def actions(policy: dict[str, Any], service: str) -> list[str]:
    return sorted(
        action
        for statement in policy["Statement"]
        for action in statement["Action"]
        if action.startswith(f"{service}:")
    )


def resources(statement: dict[str, Any]) -> list[str]:
    named = statement["Resource"]
    return [named] if isinstance(named, str) else list(named)


def whole_cycle(place: AwsPlace) -> None:
    ours = place.store(tag_a="b")
    first = ours.write(ring(), ours.read())
    ours.write(ring(revision=2), first)
    other = place.store(kms_key_id="alias/other", tag_c="d")
    other.settle()
    delete(other)
    other.read()
    other.restore()


def test_the_policy_for_the_stack_allows_exactly_what_the_store_calls(place: AwsPlace, asked: list[Any]) -> None:
    whole_cycle(place)
    assert actions(policies()["For the stack"], "secretsmanager") == sorted(
        {f"secretsmanager:{name}" for name, _ in asked}
    )


def test_the_policy_for_the_endpoint_allows_exactly_what_a_read_calls(place: AwsPlace, asked: list[Any]) -> None:
    place.store().read()
    assert actions(policies()["For the endpoint"], "secretsmanager") == sorted(
        {f"secretsmanager:{name}" for name, _ in asked}
    )
    assert actions(policies()["For the endpoint"], "kms") == ["kms:Decrypt"]


def test_both_policies_are_limited_to_one_secret_and_to_a_key_used_through_the_service() -> None:
    assert set(policies()) == {"For the stack", "For the endpoint"}
    for policy in policies().values():
        secret, key = policy["Statement"]
        assert policy["Version"] == "2012-10-17"
        assert {*resources(secret)} <= {BARE, f"{BARE}-??????"}
        assert key["Resource"].startswith(f"arn:aws:kms:{REGION}:{ACCOUNT}:key/")
        assert key["Condition"]["StringEquals"] == {"kms:ViaService": f"secretsmanager.{REGION}.amazonaws.com"}
        contexts = key["Condition"]["StringLike"]["kms:EncryptionContext:SecretARN"]
        assert {*contexts} <= {f"{BARE}-??????", "RequestToValidateKeyAccess"}


@pytest.mark.parametrize("heading", ["For the stack", "For the endpoint"])
@pytest.mark.parametrize(
    ("name", "is_ours"),
    [("support-line", True), ("support-line-2", False), ("support", False), ("support-line/other", False)],
)
def test_the_pattern_is_that_of_the_secrets_arn_and_of_no_other(
    place: AwsPlace, heading: str, name: str, is_ours: bool
) -> None:
    place.secret = f"whatsapp/flows/{name}"
    place.make_empty()
    arn = str(place.client.describe_secret(SecretId=place.secret)["ARN"])
    place.destroy()
    statement = policies()[heading]["Statement"][0]
    assert any(fnmatchcase(arn, pattern) for pattern in resources(statement)) is is_ours


def test_the_stack_may_make_the_secret_which_has_no_suffix_then() -> None:
    assert BARE in resources(policies()["For the stack"]["Statement"][0])

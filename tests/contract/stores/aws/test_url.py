"""A URL of a secret in AWS Secrets Manager: which are valid, what completes them, and the location that is recorded."""

import re
from pathlib import Path
from typing import Any

import pytest

from tests.contract.stores.aws.rings import ring
from tests.contract.stores.aws.secret import ARN, NAME
from tests.contract.stores.aws_place import AwsPlace
from tests.servers.secrets_manager import ACCOUNT, REGION
from whatsapp_flow_keys import extras
from whatsapp_flow_keys.errors import InputError, MissingExtraError
from whatsapp_flow_keys.stores.urls import anchored, complete_url, open_store


@pytest.mark.parametrize(
    ("url", "identity"),
    [
        (f"awssecretsmanager://{REGION}/{NAME}", None),
        (f"AWSSecretsManager://{REGION}/{NAME}", f"awssecretsmanager://{REGION}/{NAME}"),
        ("awssecretsmanager://us-gov-west-1/a", None),
        (f"awssecretsmanager://{REGION}/a%40b+c=d.e!f_g-1", f"awssecretsmanager://{REGION}/a%40b%2Bc%3Dd.e%21f_g-1"),
        (f"awssecretsmanager://{REGION}//a", None),
        (
            f"awssecretsmanager://{REGION}/a?account={ACCOUNT}&kms_key_id=alias/a&recovery_window_days=7&tag.a=b",
            f"awssecretsmanager://{REGION}/a",
        ),
        (f"awssecretsmanager://{ARN}", None),
        ("awssecretsmanager://arn:aws-cn:secretsmanager:cn-north-1:123456789012:secret:a-AbCdEf", None),
        ("awssecretsmanager://arn:aws-us-gov:secretsmanager:us-gov-west-1:123456789012:secret:a/b-AbCdEf", None),
    ],
)
def test_a_url_names_a_place_whatever_its_settings(url: str, identity: str | None) -> None:
    opened = open_store(url)
    assert opened.url == (identity or url)
    assert open_store(opened.url).url == opened.url


@pytest.mark.parametrize(
    ("rest", "said"),
    [
        ("/a", "the AWS region is missing; give region=, or set AWS_REGION"),
        ("eu-west/a", "'eu-west' is not an AWS region"),
        ("eu-west-1.evil.example/a", "is not an AWS region"),
        (f"{REGION}", "'' is not a secret's name"),
        (f"{REGION}/", "'' is not a secret's name"),
        (f"{REGION}/a%20b", "'a b' is not a secret's name"),
        (f"{REGION}/{'a' * 513}", "is not a secret's name"),
        (f"{REGION}/{ARN}", "an ARN goes into secret_id="),
        (f"{REGION}/a?account=12345", "account must be the 12 digits"),
        (f"{REGION}/a?kms_key_id=", "kms_key_id must be"),
        (f"{REGION}/a?recovery_window_days=6", "recovery_window_days must be a whole number of days from 7 to 30"),
        (f"{REGION}/a?recovery_window_days=31", "recovery_window_days must be"),
        (f"{REGION}/a?tag.aws:a=b", "the tag 'aws:a' begins with"),
        (f"{REGION}/a?tag.AWS:a=b", "the tag 'AWS:a' begins with"),
        (f"{REGION}/a?tag.whatsapp-flow-keys:managed-by=b", "begins with"),
        (f"{REGION}/a?tag.{'k' * 129}=b", "is too long"),
        (f"{REGION}/a?tag.k={'v' * 257}", "is too long"),
        (f"{REGION}/a?" + "&".join(f"tag.k{index}=v" for index in range(48)), "48 tags are more than the 47"),
        (f"{REGION}/a?mount=b", "is no setting of this store; known are account, kms_key_id"),
        (f"{ARN}?tag.a=b", "takes no settings"),
        (f"{ARN}?account={ACCOUNT}", "takes no settings"),
        (ARN.removesuffix("-AbCdEf"), "is not a secret's whole ARN"),
        (ARN.replace("secretsmanager", "ssm"), "is not a secret's whole ARN"),
        (ARN.replace("arn:aws:", "arn:aws-moon:"), "is not a secret's whole ARN"),
        (ARN.replace(ACCOUNT, "12"), "is not a secret's whole ARN"),
    ],
)
def test_a_url_that_can_be_no_secret_is_one_sentence_that_names_its_field(rest: str, said: str) -> None:
    with pytest.raises(InputError, match=rf"^backups\[0\]: .*{re.escape(said)}"):
        open_store(f"awssecretsmanager://{rest}", "backups[0]")


def test_the_region_comes_from_aws_region_before_aws_default_region() -> None:
    both = {"AWS_REGION": "eu-central-1", "AWS_DEFAULT_REGION": "us-east-1"}
    assert complete_url("awssecretsmanager:///a/b?tag.a=b", both) == "awssecretsmanager://eu-central-1/a/b?tag.a=b"
    del both["AWS_REGION"]
    assert complete_url("awssecretsmanager:///a/b", both) == "awssecretsmanager://us-east-1/a/b"


def test_the_region_comes_from_the_profile_where_the_environment_names_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "config").write_text("[default]\nregion = eu-west-3\n[profile flows]\nregion = eu-north-1\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    assert complete_url("awssecretsmanager:///a", {}) == "awssecretsmanager://eu-west-3/a"
    assert complete_url("awssecretsmanager:///a", {"AWS_PROFILE": "flows"}) == "awssecretsmanager://eu-north-1/a"


@pytest.mark.parametrize("profile", [{}, {"AWS_PROFILE": "no-such"}])
def test_a_url_without_a_region_anywhere_is_left_for_the_check(
    profile: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    assert complete_url("awssecretsmanager:///a", profile) == "awssecretsmanager:///a"


def test_a_url_is_completed_without_the_client_library(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("whatsapp_flow_keys.aws.places.find_spec", lambda name: None)
    assert complete_url("awssecretsmanager:///a", {}) == "awssecretsmanager:///a"


@pytest.mark.parametrize("url", [f"awssecretsmanager://{REGION}/a", f"awssecretsmanager://{ARN}"])
def test_a_whole_url_is_left_as_it_is(url: str) -> None:
    assert complete_url(url, {"AWS_REGION": "us-east-1"}) == url


def test_without_the_client_library_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(extras, "find_spec", lambda name: None)
    with pytest.raises(MissingExtraError, match=r'^store: .*boto3: pip install "whatsapp-flow-encryption\[aws\]"$'):
        open_store(f"awssecretsmanager://{REGION}/a")


def test_opening_a_store_asks_nobody(place: AwsPlace, asked: list[Any]) -> None:
    opened = place.store(account=ACCOUNT)
    assert (opened.url, opened.secret_id) == (place.url, place.secret)
    assert opened.location == f"{place.url}?account={ACCOUNT}"
    assert asked == []


def test_the_location_has_the_settings_and_the_account_that_the_service_named(place: AwsPlace) -> None:
    ours = place.store(tag_team="pay", kms_key_id="alias/flows")
    assert ours.location == f"{place.url}?kms_key_id=alias/flows&tag.team=pay"
    ours.write(ring(), ours.read())
    assert ours.location == f"{place.url}?account={ACCOUNT}&kms_key_id=alias/flows&tag.team=pay"
    assert ours.secret_id.startswith(f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:{place.secret}-")
    assert anchored(place.url, [ours.location]) == f"{place.url}?account={ACCOUNT}"


def test_the_location_of_an_existing_secret_is_its_arn(place: AwsPlace) -> None:
    place.make_empty()
    theirs = place.existing()
    theirs.write(ring(), theirs.read())
    assert theirs.location == theirs.url == place.existing_url
    assert f"awssecretsmanager://{theirs.secret_id}" == theirs.url

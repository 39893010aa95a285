"""Which client a store in AWS Secrets Manager gets, and when two stores share one."""

import os

import pytest

from tests.contract.stores.aws_place import AwsPlace
from tests.servers.secrets_manager import REGION
from whatsapp_flow_keys.aws.client import shared_client


def test_one_client_serves_a_region_and_another_environment_gets_another(
    place: AwsPlace, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = shared_client("secretsmanager", REGION, 10, 3)
    assert shared_client("secretsmanager", REGION, 10, 3) is first
    assert shared_client("secretsmanager", "eu-central-1", 10, 3) is not first
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAOTHEROTHEROTHERO")
    assert shared_client("secretsmanager", REGION, 10, 3) is not first


def test_a_forked_process_gets_a_client_of_its_own(place: AwsPlace, monkeypatch: pytest.MonkeyPatch) -> None:
    first = shared_client("secretsmanager", REGION, 10, 3)
    monkeypatch.setattr(os, "getpid", lambda: -1)
    assert shared_client("secretsmanager", REGION, 10, 3) is not first


def test_an_existing_secret_is_asked_for_in_the_region_of_its_arn(
    place: AwsPlace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    place.make_empty()
    assert place.existing().read().version == "empty"

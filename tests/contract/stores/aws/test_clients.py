"""Which client a store in AWS Secrets Manager gets, and when two stores share one."""

import os
from threading import Event
from unittest.mock import Mock

import pytest
from botocore.exceptions import NoCredentialsError

from tests.contract.stores.aws_place import AwsPlace
from tests.servers.secrets_manager import REGION
from whatsapp_flow_keys.aws import client as client_module
from whatsapp_flow_keys.aws.client import CallError, SlowCredentialsError, call, shared_client


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


def test_one_that_is_being_made_is_not_begun_again_where_credentials_are_refused_elsewhere(
    place: AwsPlace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each would wait for whoever hands out credentials in a thread of its own."""
    begun, going_on = [], Event()

    def slow(*given: object) -> str:
        begun.append(given)
        going_on.wait(60)
        return "a client"

    def refused() -> None:
        raise NoCredentialsError

    monkeypatch.setattr(client_module, "_client", slow)
    with pytest.raises(SlowCredentialsError):
        shared_client("kms", REGION, 7, 1, longest_wait=0.01)
    with pytest.raises(CallError):
        call(refused, "ListKeys")
    going_on.set()
    assert shared_client("kms", REGION, 7, 1) == "a client"
    assert len(begun) == 1


def test_one_that_could_not_be_made_is_tried_again(place: AwsPlace, monkeypatch: pytest.MonkeyPatch) -> None:
    made = Mock(side_effect=[NoCredentialsError(), "a client"])
    monkeypatch.setattr(client_module, "_client", made)
    with pytest.raises(NoCredentialsError):
        shared_client("kms", REGION, 8, 1)
    assert shared_client("kms", REGION, 8, 1) == "a client"


def test_an_existing_secret_is_asked_for_in_the_region_of_its_arn(
    place: AwsPlace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    place.make_empty()
    assert place.existing().read().version == "empty"

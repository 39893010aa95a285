"""A key ring in AWS Secrets Manager, as moto serves it over real HTTP, or as botocore's stubs answer.

Most tests run against moto. What moto doesn't know or gets wrong (it checks neither KMS nor credentials, its moves and
creates differ in edge cases) runs against botocore's stubs, which answer as AWS's service model and documentation say.
What these stubs state is thereby read, not observed.
"""

from collections.abc import Iterator
from typing import Any

import pytest
from botocore.stub import Stubber

from tests.contract.stores.aws.answers import listening
from tests.contract.stores.aws_place import AwsPlace
from tests.servers.secrets_manager import REGION, SecretsManager
from whatsapp_flow_keys.aws.client import shared_client
from whatsapp_flow_keys.client_library import ATTEMPTS, seconds_per_attempt


@pytest.fixture
def place(secrets_manager: SecretsManager, monkeypatch: pytest.MonkeyPatch) -> AwsPlace:
    """In a secret of its own."""
    return AwsPlace(secrets_manager, monkeypatch)


@pytest.fixture(autouse=True)
def _no_pause_between_attempts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("botocore.retries.standard.ExponentialBackoff.delay_amount", lambda self, context: 0)


@pytest.fixture
def asked(place: AwsPlace) -> Iterator[list[tuple[str, dict[str, Any]]]]:
    """The operations that the store asks for, each with its parameters."""
    log: list[tuple[str, dict[str, Any]]] = []
    with listening("before-parameter-build", lambda params, model, **_: log.append((model.name, dict(params)))):
        yield log


@pytest.fixture
def stub(place: AwsPlace) -> Iterator[Stubber]:
    """Answers instead of a service, in this order; every one must be asked for."""
    with Stubber(shared_client("secretsmanager", REGION, seconds_per_attempt(), ATTEMPTS)) as stubber:
        yield stubber
        stubber.assert_no_pending_responses()

"""A key ring in AWS Secrets Manager, as moto serves it."""

import pytest

from tests.contract.stores.aws_place import AwsPlace
from tests.servers.secrets_manager import SecretsManager


@pytest.fixture
def place(secrets_manager: SecretsManager, monkeypatch: pytest.MonkeyPatch) -> AwsPlace:
    """In a secret of its own."""
    return AwsPlace(secrets_manager, monkeypatch)

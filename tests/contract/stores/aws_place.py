"""AWS Secrets Manager as a place of the contract suite."""

import os
from collections.abc import Mapping
from itertools import count
from uuid import uuid4

import pytest

from tests.contract.conftest import TestClock
from tests.contract.stores.environment import under
from tests.servers.secrets_manager import STRANGER, SecretsManager
from whatsapp_flow_keys.stores.aws_secrets_manager.address import parse_secret
from whatsapp_flow_keys.stores.aws_secrets_manager.store import AwsSecretsManagerStore
from whatsapp_flow_keys.stores.store import Store

_names = count(1)


class AwsPlace:
    """A :class:`~tests.contract.stores.place.Place`: a secret's name that no other test uses. Nobody waits: the stores'
    clock moves when they sleep.

    While the test runs, its environment is the server's: clients of the store are made where they are first used.
    """

    name = "aws"
    limit = 65536

    def __init__(self, server: SecretsManager, monkeypatch: pytest.MonkeyPatch) -> None:
        for name in [name for name in os.environ if name.startswith("AWS_")]:
            monkeypatch.delenv(name)
        for name, value in server.environment.items():
            monkeypatch.setenv(name, value)
        for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
            monkeypatch.setenv(name, os.devnull)
        self.server = server
        self.secret = f"whatsapp/flows/line-{next(_names)}"
        self.client = server.client()
        self.clock = TestClock()

    @property
    def url(self) -> str:
        """Without settings."""
        return self.server.url(self.secret)

    @property
    def existing_url(self) -> str:
        """The URL of a secret that is there, by its ARN."""
        return f"awssecretsmanager://{self.client.describe_secret(SecretId=self.secret)['ARN']}"

    def store(self, **settings: str) -> AwsSecretsManagerStore:
        """The store, with these settings in its URL."""
        return self._at(self.server.url(self.secret, **settings))

    def existing(self) -> AwsSecretsManagerStore:
        """The store of a secret that is there, by its ARN."""
        return self._at(self.existing_url)

    def forbidden(self) -> Store:
        """With the access key of somebody who may do nothing."""
        return under({"AWS_ACCESS_KEY_ID": STRANGER}, self.store())

    def at_port(self, port: int) -> Store:
        """With another endpoint."""
        return under({"AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}"}, self.store())

    def make_empty(self) -> None:
        """A secret without a version."""
        self.client.create_secret(Name=self.secret)

    def put(self, text: str) -> None:
        """As AWS does it in one call; in moto a plain put would leave two versions with AWSCURRENT."""
        if self.content() is None and not self._is_there():
            self.client.create_secret(Name=self.secret, SecretString=text)
            return
        current = self.current()
        version = str(uuid4())
        self.client.put_secret_value(
            SecretId=self.secret, ClientRequestToken=version, SecretString=text, VersionStages=["ANOTHER_TOOLS"]
        )
        if current:
            self.move(current, version)

    def content(self) -> str | None:
        """The text of the version with AWSCURRENT."""
        refused = self.client.exceptions
        try:
            return self.client.get_secret_value(SecretId=self.secret, VersionStage="AWSCURRENT").get("SecretString")
        except (refused.ResourceNotFoundException, refused.InvalidRequestException):
            return None

    def destroy(self) -> None:
        """Without a recovery window."""
        self.client.delete_secret(SecretId=self.secret, ForceDeleteWithoutRecovery=True)

    def labels(self) -> Mapping[str, list[str]]:
        """The staging labels of each version."""
        return self.client.describe_secret(SecretId=self.secret).get("VersionIdsToStages", {})

    def current(self) -> str | None:
        """The version with AWSCURRENT."""
        return next((version for version, labels in self.labels().items() if "AWSCURRENT" in labels), None)

    def move(self, current: str, to: str) -> None:
        """What another tool does: AWSCURRENT goes to another version."""
        self.client.update_secret_version_stage(
            SecretId=self.secret, VersionStage="AWSCURRENT", RemoveFromVersionId=current, MoveToVersionId=to
        )

    def _at(self, url: str) -> AwsSecretsManagerStore:
        return AwsSecretsManagerStore(parse_secret(url, "store"), clock=self.clock)

    def _is_there(self) -> bool:
        try:
            self.client.describe_secret(SecretId=self.secret)
        except self.client.exceptions.ResourceNotFoundException:
            return False
        return True

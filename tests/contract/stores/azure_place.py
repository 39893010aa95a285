"""A secret at our own fake of Azure Key Vault."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from unittest import mock

from azure.core.credentials import AccessToken

from tests.contract.conftest import TestClock
from tests.servers.key_vault import NOBODY, KeyVault
from whatsapp_flow_keys.stores.azure_key_vault import client
from whatsapp_flow_keys.stores.azure_key_vault.store import AzureKeyVaultStore
from whatsapp_flow_keys.stores.store import Store


class AzurePlace:
    """One secret in a vault. Nobody waits: the stores' clock moves when they sleep."""

    name = "azure"
    limit = 25_000

    def __init__(self, vault: KeyVault, secret: str = "support-line") -> None:
        self.vault, self.secret, self.clock = vault, secret, TestClock()

    @property
    def url(self) -> str:
        return self.vault.url(self.secret)

    def store(self) -> Store:
        return AzureKeyVaultStore(self.url, clock=self.clock)

    def forbidden(self) -> Store:
        return AzureKeyVaultStore(self.url, credential=Known(NOBODY), clock=self.clock)

    def at_port(self, port: int) -> Store:
        return AzureKeyVaultStore(f"azurekeyvault://127.0.0.1:{port}/{self.secret}", clock=self.clock)

    def make_empty(self) -> None:
        self.vault.put(self.secret, "")

    def put(self, text: str) -> None:
        self.vault.put(self.secret, text)

    def content(self) -> str | None:
        return self.vault.text(self.secret)

    def destroy(self) -> None:
        self.vault.purge(self.secret)


class Known:
    """The credential of an identity that the fake knows."""

    def __init__(self, identity: str) -> None:
        self._identity = identity

    def get_token(self, *scopes: str, **options: object) -> AccessToken:
        del scopes, options
        return AccessToken(f"token-of-{self._identity}", 4_000_000_000)


@contextmanager
def azure_place(*, slowly: int = 0) -> Iterator[AzurePlace]:
    """A place in a vault of its own, whose environment is this process's meanwhile.

    ``slowly``: how many looks find nothing until a deletion or a recovery is through.
    """
    with KeyVault() as vault, signed_in(vault):
        vault.secrets.slowly = slowly
        yield AzurePlace(vault)


@contextmanager
def signed_in(vault: KeyVault, **environment: str) -> Iterator[None]:
    """This process looks for its default credential again, in the environment of ``vault``."""
    with (
        mock.patch.dict(os.environ, vault.environment | environment),
        mock.patch.object(client, "_process_credential", []),
    ):
        yield

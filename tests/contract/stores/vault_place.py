"""Vault's KV version 2 as a place of the contract suite, at a real OpenBao."""

import json
import os
import re
from itertools import count
from pathlib import Path

import hvac.exceptions
import pytest

from tests.contract.stores.environment import under
from tools.openbao import OpenBao, variables
from whatsapp_flow_keys.stores.store import Store
from whatsapp_flow_keys.stores.vault.store import VaultStore

_names = count(1)
_PAGE = Path(__file__).parents[3] / "docs" / "stores" / "vault.md"


class VaultPlace:
    """A :class:`~tests.contract.stores.place.Place`: a path that no other test uses.

    While the test runs, its environment is the server's: the store takes its token from there at each call.
    """

    name = "vault"
    limit = 512 * 1024

    def __init__(self, server: OpenBao, monkeypatch: pytest.MonkeyPatch) -> None:
        for name in variables(os.environ):
            monkeypatch.delenv(name)
        for name, value in server.environment.items():
            monkeypatch.setenv(name, value)
        self.server = server
        self.path = f"whatsapp/flows/line-{next(_names)}"
        self.kv = server.client().secrets.kv.v2

    @property
    def url(self) -> str:
        """With tls=off, since it is on loopback."""
        return self.server.url(self.path)

    def store(self) -> VaultStore:
        """The store for the owner of the server."""
        return VaultStore(self.url, "store")

    def store_as(self, token: str) -> Store:
        """The store for the holder of this token."""
        return under({"VAULT_TOKEN": token}, self.store())

    def forbidden(self) -> Store:
        """For somebody who may read another path only."""
        return self.store_as(self.server.token_for('path "secret/data/elsewhere" { capabilities = ["read"] }'))

    def at_port(self, port: int) -> Store:
        """Another server."""
        return VaultStore(f"hashivault://127.0.0.1:{port}/{self.path}?tls=off", "store")

    def make_empty(self) -> None:
        """A secret without fields."""
        self.kv.create_or_update_secret(self.path, {})

    def put(self, text: str) -> None:
        """A new version, whatever is there."""
        self.kv.create_or_update_secret(self.path, json.loads(text))

    def content(self) -> str | None:
        """The fields of the latest version."""
        try:
            return json.dumps(self.kv.read_secret_version(self.path, raise_on_deleted_version=True)["data"]["data"])
        except hvac.exceptions.InvalidPath:
            return None

    def destroy(self) -> None:
        """With all versions, and the number of the last one."""
        self.kv.delete_metadata_and_all_versions(self.path)


def policy(title: str, path: str = "whatsapp/flows/*") -> str:
    """A policy of the page, as people copy it, for another path than the page's: by default all that tests take."""
    found = re.search(rf"^### {title}\n+```hcl\n(.*?)^```$", _PAGE.read_text(), re.DOTALL | re.MULTILINE)
    assert found
    return found[1].replace("whatsapp/flows/support-line", path)

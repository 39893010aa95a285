"""An AppRole at a real server, and the environment of somebody who logs in by it."""

from itertools import count
from pathlib import Path
from typing import Any

import pytest

from tests.contract.stores.vault_place import VaultPlace, policy

_names = count(1)


class AppRole:
    """A role with the rights of a stack, in a mount of its own. While the test runs, no other token is there."""

    def __init__(self, place: VaultPlace, monkeypatch: pytest.MonkeyPatch, home: Path, **settings: Any) -> None:
        self.mount, self._client = f"approle-{next(_names)}", place.server.client()
        self._client.sys.enable_auth_method("approle", path=self.mount)
        self._client.sys.create_or_update_policy(self.mount, policy("For the stack"))
        self._role = self._client.auth.approle
        given = {"token_policies": [self.mount], "token_ttl": "1h", **settings}
        self._role.create_or_update_approle("line", mount_point=self.mount, **given)
        self.role_id: str = self._role.read_role_id("line", mount_point=self.mount)["data"]["role_id"]
        monkeypatch.delenv("VAULT_TOKEN")
        monkeypatch.setenv("HOME", str(home))
        monkeypatch.setenv("VAULT_AUTH_MOUNT", self.mount)
        monkeypatch.setenv("VAULT_ROLE_ID", self.role_id)

    def secret_id(self) -> str:
        """One more."""
        made: str = self._role.generate_secret_id("line", mount_point=self.mount)["data"]["secret_id"]
        return made

    def revoke_tokens(self) -> None:
        """Of every login until now."""
        self._client.sys.revoke_prefix(f"auth/{self.mount}/login")

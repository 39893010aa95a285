"""A secret at our own fake of Google Secret Manager."""

import json
import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from itertools import count
from pathlib import Path

import pytest
import yaml

from tests.contract.stores.environment import under
from tests.servers.secret_manager import PROJECT, SecretManager
from whatsapp_flow_keys.stores.gcp_secret_manager.connection import EMULATOR
from whatsapp_flow_keys.stores.gcp_secret_manager.store import GcpSecretManagerStore
from whatsapp_flow_keys.stores.gcp_secret_manager.versions import WRITTEN_OVER
from whatsapp_flow_keys.stores.store import Store

_names = count(1)
_PAGE = Path(__file__).parents[3] / "docs" / "stores" / "gcp-secret-manager.md"


class GcpPlace:
    """A :class:`~tests.contract.stores.place.Place`: a name that no other test uses."""

    name = "gcp"
    limit = 64 * 1024 - 64

    def __init__(self, server: SecretManager, rest: ExitStack) -> None:
        self.server, self._rest = server, rest
        self.secret = f"line-{next(_names)}"

    @property
    def url(self) -> str:
        return f"gcpsecretmanager://{PROJECT}/{self.secret}"

    def store(self) -> GcpSecretManagerStore:
        return GcpSecretManagerStore(self.url)

    def way_for(self, *permissions: str) -> str:
        """What the variable for an emulator says to somebody who has these permissions only."""
        return f"127.0.0.1:{self._rest.enter_context(self.server.serving(*permissions))}"

    def store_of(self, *permissions: str, url: str = "") -> Store:
        """The store for somebody who has these permissions only."""
        return under({EMULATOR: self.way_for(*permissions)}, GcpSecretManagerStore(url or self.url))

    def forbidden(self) -> Store:
        return self.store_of("secrets.list")

    def at_port(self, port: int) -> Store:
        return under({EMULATOR: f"127.0.0.1:{port}"}, self.store())

    def make_empty(self) -> None:
        self.server.make_empty(self.secret)

    def put(self, text: str) -> None:
        self.server.put(self.secret, text.encode())

    def content(self) -> str | None:
        """Without the member that says over which version it was written."""
        found = self.server.newest(self.secret)
        if found is None:
            return None
        members = json.loads(found)
        members.pop(WRITTEN_OVER, None)
        return json.dumps(members)

    def destroy(self) -> None:
        self.server.delete(self.secret)


def permissions(title: str) -> set[str]:
    """What the roles under a title of the page give, as in ``versions.access``."""
    section = _PAGE.read_text().partition(f"### {title}\n")[2].partition("\n#")[0]
    roles = map(yaml.safe_load, re.findall(r"```yaml\n(.*?)```", section, re.DOTALL))
    return {each.removeprefix("secretmanager.") for role in roles for each in role["includedPermissions"]}


@contextmanager
def gcp_place(monkeypatch: pytest.MonkeyPatch) -> Iterator[GcpPlace]:
    """A place in a project of its own, whose environment is this process's meanwhile."""
    with SecretManager() as server, ExitStack() as rest:
        monkeypatch.setenv(EMULATOR, f"127.0.0.1:{server.port}")
        yield GcpPlace(server, rest)

"""A key service as the contract suite meets it: the service for a number, and what other people do to its keys."""

import os
import re
from itertools import count
from pathlib import Path
from typing import Protocol

import pytest

from tests.contract.custody.memory_kind.address import SCHEME
from tests.contract.custody.memory_kind.service import FORBIDDEN, SAFES, Held
from tools.openbao import OpenBao, variables
from whatsapp_flow_keys.custody import services
from whatsapp_flow_keys.custody.service import KeyService
from whatsapp_flow_keys.custody.services import open_service
from whatsapp_flow_keys.key_reference import KeyReference

KINDS = ("vault", "memory")
_numbers = count(207700000000001)
_PAGE = Path(__file__).parents[3] / "docs" / "custody" / "vault-transit.md"
_PAGES_KEY = "whatsapp-flows-106540352242922"


class Place(Protocol):
    """One kind of key service, with a number that no other test uses."""

    number: str
    url: str

    def service(self) -> KeyService:
        """As the stack and the endpoint have it."""

    def take_out_of_use(self, reference: KeyReference) -> None:
        """Somebody else does, so that it can be undone."""

    def put_back_into_use(self, reference: KeyReference) -> None:
        """The same, undone."""

    def forbid(self) -> KeyService:
        """The service for somebody who may ask nothing of it."""


class VaultPlace:
    """The transit engine of a real OpenBao; ``prefix``: of the names of its keys."""

    def __init__(self, server: OpenBao, monkeypatch: pytest.MonkeyPatch, prefix: str = "whatsapp-flows-") -> None:
        for name in variables(os.environ):
            monkeypatch.delenv(name)
        for name, value in server.environment.items():
            monkeypatch.setenv(name, value)
        self._monkeypatch = monkeypatch
        self.number = str(next(_numbers))
        self._prefix, self.server = prefix, server
        self.url = f"vaulttransit://127.0.0.1:{server.port}/{prefix}?tls=off"
        self.transit = server.client().secrets.transit
        if "transit/" not in server.client().sys.list_mounted_secrets_engines():
            server.client().sys.enable_secrets_engine("transit")

    @property
    def key(self) -> str:
        """The name of the number's Transit key."""
        return f"{self._prefix}{self.number}"

    def service(self) -> KeyService:
        """See :class:`Place`."""
        return open_service(self.url, self.number)

    def take_out_of_use(self, reference: KeyReference) -> None:
        """See :class:`Place`: with every version before it."""
        lowest = int(reference.key) + 1
        self.transit.update_key_configuration(self.key, min_decryption_version=lowest)

    def put_back_into_use(self, reference: KeyReference) -> None:
        """See :class:`Place`."""
        self.transit.update_key_configuration(self.key, min_decryption_version=int(reference.key))

    def forbid(self) -> KeyService:
        """See :class:`Place`."""
        self.log_in('path "transit/keys/elsewhere" { capabilities = ["read"] }')
        return self.service()

    def log_in(self, policy: str) -> None:
        """As somebody with this policy."""
        self._monkeypatch.setenv("VAULT_TOKEN", self.server.token_for(policy))

    def policy(self, *titles: str) -> str:
        """Policies of the page, as people copy them, for this number's key."""
        return "\n".join(_policy(title).replace(_PAGES_KEY, self.key) for title in titles)


class MemoryPlace:
    """A kind that is not the product's, whose keys are apart from one another as those of a cloud's KMS are: what the
    suite holds for it as well is no peculiarity of Transit."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(services.KINDS, SCHEME, "tests.contract.custody.memory_kind")
        self.number = str(next(_numbers))
        self.url = f"{SCHEME}://safe/{self.number}"

    def service(self) -> KeyService:
        """See :class:`Place`."""
        return open_service(self.url, self.number)

    def take_out_of_use(self, reference: KeyReference) -> None:
        """See :class:`Place`."""
        self._held(reference).in_use = False

    def put_back_into_use(self, reference: KeyReference) -> None:
        """See :class:`Place`."""
        self._held(reference).in_use = True

    def forbid(self) -> KeyService:
        """See :class:`Place`."""
        FORBIDDEN.add(self.url)
        return self.service()

    def _held(self, reference: KeyReference) -> Held:
        return SAFES[self.url, self.number][int(reference.key)]


def _policy(title: str) -> str:
    found = re.search(rf"^### {title}\n.*?^```hcl\n(.*?)^```$", _PAGE.read_text(), re.DOTALL | re.MULTILINE)
    assert found
    return found[1]

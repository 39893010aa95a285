"""A key service as the contract suite meets it: the service for a number, and what other people do to its keys."""

import json
import os
import re
from collections.abc import Mapping
from itertools import count
from pathlib import Path
from typing import Any, Protocol

import pytest

from tests.contract.custody.memory_kind.address import SCHEME
from tests.contract.custody.memory_kind.service import FORBIDDEN, SAFES, Held
from tools.ministack import REGION, MiniStack
from tools.openbao import OpenBao, variables
from whatsapp_flow_keys.custody import services
from whatsapp_flow_keys.custody.service import KeyService
from whatsapp_flow_keys.custody.services import open_service
from whatsapp_flow_keys.key_reference import KeyReference

KINDS = ("vault", "aws", "memory")
_numbers = count(207700000000001)
_PAGES = Path(__file__).parents[3] / "docs" / "custody"
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


class KmsPlace:
    """AWS KMS, as MiniStack serves it."""

    def __init__(self, server: MiniStack, monkeypatch: pytest.MonkeyPatch, prefix: str = "whatsapp-flows-") -> None:
        for name in [name for name in os.environ if name.startswith("AWS_")]:
            monkeypatch.delenv(name)
        for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
            monkeypatch.setenv(name, os.devnull)
        self._monkeypatch = monkeypatch
        self.number = str(next(_numbers))
        self.server = server
        self.url = f"awskms://{REGION}/{prefix}"
        self.prefix = prefix
        self.kms = server.client("kms")
        self.log_in(server.environment)

    def service(self) -> KeyService:
        """See :class:`Place`."""
        return open_service(self.url, self.number)

    def take_out_of_use(self, reference: KeyReference) -> None:
        """See :class:`Place`."""
        self.kms.disable_key(KeyId=reference.key)

    def put_back_into_use(self, reference: KeyReference) -> None:
        """See :class:`Place`."""
        self.kms.enable_key(KeyId=reference.key)

    def forbid(self) -> KeyService:
        """See :class:`Place`."""
        self.log_in(self.server.environment_of(None))
        return self.service()

    def log_in(self, environment: Mapping[str, str]) -> None:
        """As somebody."""
        for name, value in environment.items():
            self._monkeypatch.setenv(name, value)

    def log_in_with(self, *titles: str) -> None:
        """As somebody with these policies of the page."""
        self.log_in(self.server.environment_of(self.policy(*titles)))

    def policy(self, *titles: str) -> dict[str, Any]:
        """Policies of the page together, without what MiniStack doesn't know: conditions, and which key is which."""
        allowed = [{"Effect": "Allow", "Action": sorted(self.actions(title)), "Resource": "*"} for title in titles]
        return {"Version": "2012-10-17", "Statement": allowed}

    def actions(self, title: str) -> set[str]:
        """What a policy of the page allows."""
        return {action for statement in kms_policies()[title]["Statement"] for action in statement["Action"]}

    def aliases(self) -> list[dict[str, Any]]:
        """Those of the number."""
        found = self.kms.list_aliases()["Aliases"]
        return [alias for alias in found if alias["AliasName"].startswith(f"alias/{self.prefix}{self.number}/")]

    def alias(self, reference: KeyReference, mark: str = "") -> str:
        """The alias that names a key."""
        return f"alias/{self.prefix}{self.number}/{mark}{reference.fingerprint}"

    def state(self, reference: KeyReference) -> str:
        """What AWS calls the state of a key."""
        return self.state_of(reference.key)

    def state_of(self, key: str) -> str:
        """The same, by the key's ID or ARN."""
        return str(self.kms.describe_key(KeyId=key)["KeyMetadata"]["KeyState"])


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


def kms_policies() -> dict[str, dict[str, Any]]:
    """Those of the page for AWS KMS, by their headings."""
    page = (_PAGES / "aws-kms.md").read_text()
    found = re.findall(r"^### ((?:For|To) [^\n]*)\n.*?^```json\n(\{.*?)^```$", page, re.MULTILINE | re.DOTALL)
    return {heading: json.loads(text) for heading, text in found}


def _policy(title: str) -> str:
    found = re.search(
        rf"^### {title}\n.*?^```hcl\n(.*?)^```$", (_PAGES / "vault-transit.md").read_text(), re.DOTALL | re.MULTILINE
    )
    assert found
    return found[1]

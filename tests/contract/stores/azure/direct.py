"""The official client without its wire: it asks our fake of Key Vault by a call, for searches through many orders.

The wire costs a hundred times as much as what it carries. All other tests have it.
"""

import json
from collections.abc import Iterator, Mapping
from types import SimpleNamespace
from typing import Any

from azure.core.exceptions import HttpResponseError, ResourceExistsError, ResourceNotFoundError
from azure.keyvault.secrets import DeletedSecret, KeyVaultSecret, SecretProperties
from azure.keyvault.secrets._generated.models import DeletedSecretBundle, SecretBundle, SecretItem

from tests.contract.stores.azure.rings import NAME, other_store
from tests.servers.key_vault import KeyVault, Request
from tests.servers.key_vault_secrets import Json, Refused
from whatsapp_flow_keys.stores.azure_key_vault.store import AzureKeyVaultStore


def directly(vault: KeyVault, name: str = NAME, identity: str = "us") -> AzureKeyVaultStore:
    """The store of somebody else, on this client."""
    store = other_store(vault, name, identity)
    store._calls._connected = DirectClient(vault, identity)  # type: ignore[assignment]  # as much of it as is called
    return store


class DirectClient:
    """As much of `SecretClient` as a store calls to read, to write, to delete and to recover."""

    def __init__(self, vault: KeyVault, identity: str) -> None:
        self._vault, self._identity = vault, identity

    def get_secret(self, name: str, version: str | None = None) -> KeyVaultSecret:
        return _secret(self._ask("GET", f"/secrets/{name}/{version or ''}"))

    def set_secret(self, name: str, value: str, *, content_type: str, tags: Mapping[str, str]) -> KeyVaultSecret:
        return _secret(self._ask("PUT", f"/secrets/{name}", value=value, contentType=content_type, tags=dict(tags)))

    def list_properties_of_secret_versions(self, name: str) -> Iterator[SecretProperties]:
        page = self._ask("GET", f"/secrets/{name}/versions")
        assert page["nextLink"] is None
        return (SecretProperties._from_secret_item(SecretItem(item)) for item in page["value"])

    def begin_delete_secret(self, name: str) -> SimpleNamespace:
        deleted = _deleted(self._ask("DELETE", f"/secrets/{name}"))
        return SimpleNamespace(result=lambda: deleted)

    def get_deleted_secret(self, name: str) -> DeletedSecret:
        return _deleted(self._ask("GET", f"/deletedsecrets/{name}"))

    def begin_recover_deleted_secret(self, name: str) -> None:
        self._ask("POST", f"/deletedsecrets/{name}/recover")

    def _ask(self, method: str, path: str, **body: Any) -> Json:
        request = Request(method, path, self._identity, json.dumps(body).encode())
        try:
            self._vault.before(request)
            return self._vault.answered(request, {"api-version": ["x"]})
        except Refused as refused:
            raise _as_the_client_says(refused) from None


def _secret(answer: Json) -> KeyVaultSecret:
    return KeyVaultSecret._from_secret_bundle(SecretBundle(answer))


def _deleted(answer: Json) -> DeletedSecret:
    return DeletedSecret._from_deleted_secret_bundle(DeletedSecretBundle(answer))


def _as_the_client_says(refused: Refused) -> HttpResponseError:
    kind = {404: ResourceNotFoundError, 409: ResourceExistsError}.get(refused.status, HttpResponseError)
    error = kind("refused")
    said = refused.body["error"]
    error.status_code = refused.status
    error.error = SimpleNamespace(code=said["code"], innererror=said.get("innererror"))  # type: ignore[assignment]  # what is read of it
    return error

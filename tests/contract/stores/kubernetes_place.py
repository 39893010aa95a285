"""A Kubernetes Secret as a place of the contract suite, at a real API server."""

import base64
import os
import re
from itertools import count
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.contract.stores.environment import under
from tools.kubernetes import CONTEXT, Kubernetes
from whatsapp_flow_keys.stores.kubernetes.store import KubernetesStore
from whatsapp_flow_keys.stores.store import Store

_names = count(1)
_PAGE = Path(__file__).parents[3] / "docs" / "stores" / "kubernetes.md"


class KubernetesPlace:
    """A :class:`~tests.contract.stores.place.Place`: a name that no other test uses, in a namespace of its own.

    While the test runs, its kubeconfig is the server's owner's: the store takes it from there at each call.
    """

    name = "kubernetes"
    limit = 512 * 1024

    def __init__(self, server: Kubernetes, monkeypatch: pytest.MonkeyPatch) -> None:
        for name in [name for name in os.environ if name.startswith("KUBE")]:
            monkeypatch.delenv(name)
        for name, value in server.environment.items():
            monkeypatch.setenv(name, value)
        self.server = server
        self.namespace = server.make_namespace()
        self.secret = f"line-{next(_names)}"

    @property
    def url(self) -> str:
        return f"kubernetes://{CONTEXT}/{self.namespace}/{self.secret}"

    def store(self) -> KubernetesStore:
        return KubernetesStore(self.url)

    def store_as(self, token: str, url: str = "") -> Store:
        """The store for the holder of this token."""
        return under({"KUBECONFIG": str(self.server.kubeconfig(token))}, KubernetesStore(url or self.url))

    def kubeconfig_of(self, title: str) -> str:
        """The kubeconfig of the service account that a Role of the page is bound to."""
        manifests = role(title, self)
        account = manifests[1]["subjects"][0]["name"]
        return str(self.server.kubeconfig(self.server.token_for(self.namespace, *manifests, account=account)))

    def forbidden(self) -> Store:
        return self.store_as(self.server.token_for(self.namespace))

    def at_port(self, port: int) -> Store:
        kubeconfig = self.server.kubeconfig(self.server.token, port)
        return under({"KUBECONFIG": str(kubeconfig)}, self.store())

    def make_empty(self) -> None:
        self.make({})

    def make(self, fields: dict[str, str], **more: Any) -> None:
        """A Secret with these fields, made by somebody else."""
        body = {"metadata": {"name": self.secret, **more.pop("metadata", {})}, "stringData": fields, **more}
        self.server.ask("POST", self._secrets, body)

    def change(self, body: dict[str, Any]) -> None:
        """A change that somebody else makes."""
        self.server.ask("PATCH", self.path, body, kind="application/merge-patch+json")

    def put(self, text: str) -> None:
        if self.found() is None:
            self.make({"document": text})
        else:
            self.change({"stringData": {"document": text}})

    def content(self) -> str | None:
        return self.fields().get("document")

    def fields(self) -> dict[str, str]:
        """All that the Secret holds; nothing where there is none."""
        data = (self.found() or {}).get("data") or {}
        return {name: base64.b64decode(value).decode() for name, value in data.items()}

    def found(self) -> dict[str, Any] | None:
        """The Secret as the API server shows it."""
        found: dict[str, Any] | None = self.server.ask("GET", self.path)
        return found

    def destroy(self) -> None:
        self.server.ask("DELETE", self.path)

    @property
    def path(self) -> str:
        """Of the Secret, in the API."""
        return f"{self._secrets}/{self.secret}"

    @property
    def _secrets(self) -> str:
        return f"/api/v1/namespaces/{self.namespace}/secrets"


def role(title: str, place: KubernetesPlace) -> list[dict[str, Any]]:
    """The Role and the RoleBinding under a title of the page, as people copy them, for this place."""
    found = re.search(rf"^### {title}\n+```yaml\n(.*?)^```$", _PAGE.read_text(), re.DOTALL | re.MULTILINE)
    assert found
    text = found[1].replace("support-line", place.secret).replace("namespace: flows", f"namespace: {place.namespace}")
    return list(yaml.safe_load_all(text))

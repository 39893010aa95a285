"""A Secret in a namespace of its own, at a real API server."""

import pytest

from tests.contract.stores.kubernetes_place import KubernetesPlace
from tools.kubernetes import Kubernetes


@pytest.fixture
def place(kubernetes: Kubernetes, monkeypatch: pytest.MonkeyPatch) -> KubernetesPlace:
    return KubernetesPlace(kubernetes, monkeypatch)

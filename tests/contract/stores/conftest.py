"""A fresh place of each kind of store, at a real server where there is one."""

import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from tests.contract.stores.aws_place import AwsPlace
from tests.contract.stores.azure_place import azure_place
from tests.contract.stores.file_place import FilePlace
from tests.contract.stores.gcp_place import gcp_place
from tests.contract.stores.kubernetes_place import KubernetesPlace
from tests.contract.stores.place import KINDS, Place
from tests.contract.stores.vault_place import VaultPlace


@pytest.fixture(params=KINDS)
def place(request: pytest.FixtureRequest) -> Iterator[Place]:
    """A place that holds nothing yet."""
    makers: dict[str, Callable[[], Place]] = {
        "file": lambda: FilePlace(request.getfixturevalue("tmp_path")),
        "vault": lambda: VaultPlace(request.getfixturevalue("openbao"), request.getfixturevalue("monkeypatch")),
        "aws": lambda: AwsPlace(request.getfixturevalue("secrets_manager"), request.getfixturevalue("monkeypatch")),
        "kubernetes": lambda: KubernetesPlace(
            request.getfixturevalue("kubernetes"), request.getfixturevalue("monkeypatch")
        ),
        "azure": lambda: rest.enter_context(azure_place(slowly=3)),
        "gcp": lambda: rest.enter_context(gcp_place(request.getfixturevalue("monkeypatch"))),
    }
    with ExitStack() as rest:
        yield makers[request.param]()


@pytest.fixture
def silent_port() -> Iterator[int]:
    """A server that takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0), backlog=16) as server:
        yield server.getsockname()[1]


@pytest.fixture
def closed_port() -> Iterator[int]:
    """A port that refuses connections, and that nobody else can take while the test runs."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield taken.getsockname()[1]

"""A fresh place of each kind of store, at a real server where there is one."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from tests.contract.stores.aws_place import AwsPlace
from tests.contract.stores.azure_place import azure_place
from tests.contract.stores.file_place import FilePlace
from tests.contract.stores.place import Place
from tests.contract.stores.vault_place import VaultPlace


@pytest.fixture(params=["file", "vault", "aws", "azure"])
def place(request: pytest.FixtureRequest) -> Iterator[Place]:
    """A place that holds nothing yet."""
    makers: dict[str, Callable[[], Place]] = {
        "file": lambda: FilePlace(request.getfixturevalue("tmp_path")),
        "vault": lambda: VaultPlace(request.getfixturevalue("openbao"), request.getfixturevalue("monkeypatch")),
        "aws": lambda: AwsPlace(request.getfixturevalue("secrets_manager"), request.getfixturevalue("monkeypatch")),
        "azure": lambda: rest.enter_context(azure_place()),
    }
    with ExitStack() as rest:
        yield makers[request.param]()

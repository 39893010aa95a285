"""Each kind of key service, at a real server where there is one."""

from collections.abc import Callable

import pytest

from tests.contract.custody.place import KINDS, KmsPlace, MemoryPlace, Place, VaultPlace
from tools.ministack import MiniStack
from tools.openbao import OpenBao


@pytest.fixture
def transit(openbao: OpenBao, monkeypatch: pytest.MonkeyPatch) -> VaultPlace:
    """The transit engine of a real OpenBao."""
    return VaultPlace(openbao, monkeypatch)


@pytest.fixture
def kms(ministack: MiniStack, monkeypatch: pytest.MonkeyPatch) -> KmsPlace:
    """AWS KMS, as MiniStack serves it."""
    return KmsPlace(ministack, monkeypatch)


@pytest.fixture
def memory(monkeypatch: pytest.MonkeyPatch) -> MemoryPlace:
    """A kind that only the tests have."""
    return MemoryPlace(monkeypatch)


@pytest.fixture(params=["vault", "aws"])
def service_place(request: pytest.FixtureRequest) -> Place:
    """Those of the product, at which a server answers."""
    found: Place = request.getfixturevalue("transit" if request.param == "vault" else "kms")
    return found


@pytest.fixture(params=KINDS)
def place(request: pytest.FixtureRequest) -> Place:
    """A key service that has no key of the number yet."""
    makers: dict[str, Callable[[], Place]] = {
        "vault": lambda: request.getfixturevalue("transit"),
        "aws": lambda: request.getfixturevalue("kms"),
        "memory": lambda: request.getfixturevalue("memory"),
    }
    return makers[request.param]()

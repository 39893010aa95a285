"""What all tests share: the emulator of the Graph API and the stores' servers, one of each for each worker."""

import itertools
import os
import signal
from collections.abc import Callable, Generator, Iterator
from typing import TYPE_CHECKING
from unittest.mock import patch

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from hypothesis import settings

from tests.long import is_long
from tests.skips import pytest_make_collect_report as pytest_make_collect_report
from tests.skips import pytest_runtest_makereport as pytest_runtest_makereport
from tests.stack.project import ACCOUNT_TOKENS, RETIRED_TOKEN, TOKEN
from whatsapp_graph_emulator import Emulator

if TYPE_CHECKING:
    from tests.servers.key_vault import KeyVault
    from tests.servers.secrets_manager import SecretsManager
    from tools.kubernetes import Kubernetes
    from tools.ministack import MiniStack
    from tools.openbao import OpenBao

# A harness that was started in the background ignores SIGINT, and so would the engine: it then waits 5 s for each of
# its plugins at every run.
signal.signal(signal.SIGINT, signal.default_int_handler)

# A deadline is a timed assertion, and fails on a busy machine.
settings.register_profile("untimed", settings.default, deadline=None)
settings.load_profile("untimed")

_numbers = itertools.count(1)


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """While tests are collected no RSA key is made: each worker would pay for it, whatever it runs."""
    with patch.object(rsa, "generate_private_key", side_effect=AssertionError("a test module makes a key at import")):
        return (yield)


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--write-docs`: pages that tests keep true are written from what they observe. `--long`: see the marker."""
    parser.addoption("--write-docs", action="store_true", help="write the tables in docs/ from what tests observe")
    parser.addoption("--long", action="store_true", help="also make the tests that are left to `make soak`")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Without `--long` the tests that are marked so, or listed in `tests/long.py`, are not made, unless pages are
    written from them."""
    for item in items:
        if is_long(item):
            item.add_marker("long")
    if not config.getoption("--long") and not config.getoption("--write-docs"):
        long = [item for item in items if item.get_closest_marker("long")]
        config.hook.pytest_deselected(items=long)
        items[:] = [item for item in items if not item.get_closest_marker("long")]


@pytest.fixture(scope="session")
def emulator() -> Iterator[Emulator]:
    """Meta's Graph API, emulated on a free port of loopback, for this worker alone."""
    with Emulator(tokens=[TOKEN, RETIRED_TOKEN, *ACCOUNT_TOKENS.values()], numbers=[]) as running:
        yield running


@pytest.fixture(scope="session")
def openbao() -> Iterator["OpenBao"]:
    """A real OpenBao on loopback, for this worker alone."""
    from tools.openbao import OpenBao

    with OpenBao() as running:
        yield running


@pytest.fixture(scope="session")
def ministack() -> Iterator["MiniStack"]:
    """AWS KMS, as MiniStack serves it on loopback, for this worker alone."""
    from tools.ministack import MiniStack

    with MiniStack() as running:
        yield running


@pytest.fixture(scope="session")
def secrets_manager() -> Iterator["SecretsManager"]:
    """AWS Secrets Manager, as moto serves it on loopback, for this worker alone."""
    from tests.servers.secrets_manager import SecretsManager  # 1 s that tests without it don't pay

    with SecretsManager() as running:
        yield running


@pytest.fixture(scope="session")
def key_vault() -> Iterator["KeyVault"]:
    """Our own fake of an Azure Key Vault, for this worker alone."""
    from tests.servers.key_vault import KeyVault

    with KeyVault() as running:
        yield running


@pytest.fixture(scope="session")
def kubernetes() -> Iterator["Kubernetes"]:
    """A real Kubernetes API server with its database on loopback, for this worker alone."""
    from tools.checkout import Checkout
    from tools.kubernetes import Kubernetes
    from tools.toolchain.api_server import built_api_server

    if built_api_server(Checkout.this()) is None:
        pytest.skip("no Kubernetes API server was built on this machine")
    with Kubernetes() as running:
        yield running


@pytest.fixture(scope="session")
def new_number(emulator: Emulator) -> Callable[[], str]:
    """Makes phone number IDs, each known to the emulator."""
    worker = os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")

    def make() -> str:
        new = f"1065{int(worker):03d}{next(_numbers):08d}"
        emulator.add_number(new)
        return new

    return make


@pytest.fixture
def number(new_number: Callable[[], str]) -> str:
    """A phone number ID that no other test uses, known to the emulator."""
    return new_number()

"""A secret at our own fake of Google Secret Manager."""

from collections.abc import Iterator

import pytest

from tests.contract.stores.gcp_place import GcpPlace, gcp_place


@pytest.fixture
def place(monkeypatch: pytest.MonkeyPatch) -> Iterator[GcpPlace]:
    with gcp_place(monkeypatch) as place:
        yield place

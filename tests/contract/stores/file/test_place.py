"""When two documents in files have the same place."""

from pathlib import Path

import pytest

from tests.contract.stores.rings import ring
from whatsapp_flow_keys.stores.file.store import FileStore


@pytest.mark.parametrize("name", ["linked", "hard"])
def test_one_document_under_two_names_is_one_place(store: FileStore, path: Path, tmp_path: Path, name: str) -> None:
    written = store.write(ring(), store.read())
    (tmp_path / "hard").mkdir()
    (tmp_path / "hard" / "ring.json").hardlink_to(path)
    (tmp_path / "linked").symlink_to(tmp_path)
    found = FileStore(str(tmp_path / name / "ring.json")).read()
    assert found.place == store.read().place == written.place != ""


def test_two_documents_are_two_places_though_they_hold_the_same(store: FileStore, tmp_path: Path) -> None:
    other = FileStore(str(tmp_path / "other.json"))
    places = {opened.write(ring(), opened.read()).place for opened in (store, other)}
    assert len(places) == 2
    assert {opened.read().place for opened in (store, other)} == places

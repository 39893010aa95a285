"""What a key ring in a file may be called and how large it may be, what a read says of it, and what its errors say."""

import os
from pathlib import Path
from typing import NoReturn

import pytest

from tests.contract.stores.file_place import LIMIT
from tests.contract.stores.rings import ring
from whatsapp_flow_keys import document
from whatsapp_flow_keys.errors import StoreUnavailableError
from whatsapp_flow_keys.stores.file.store import FileStore
from whatsapp_flow_keys.stores.urls import open_store


def test_a_name_that_is_no_utf_8_is_the_same_file_in_its_url(tmp_path: Path) -> None:
    store = open_store(f"{tmp_path.as_uri()}/ring%FF.json")
    store.write(ring(), store.read())
    assert b"ring\xff.json" in os.listdir(os.fsencode(tmp_path))
    assert open_store(store.url).read().ring == ring()


def test_a_document_as_large_as_a_file_may_be_is_read(store: FileStore, path: Path) -> None:
    path.write_text(document.dump(ring()).ljust(LIMIT))
    assert store.read().ring == ring()


def test_a_file_without_a_document_is_no_documents_place(store: FileStore, path: Path) -> None:
    path.touch()
    assert store.read().place == ""


def test_an_error_for_which_the_system_has_no_words_is_named_by_its_kind(
    store: FileStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    def late(_descriptor: int) -> NoReturn:
        raise TimeoutError

    monkeypatch.setattr(os, "fsync", late)
    with pytest.raises(StoreUnavailableError, match=r"can't be written: timeouterror\. Its previous content is intact"):
        store.write(ring(), store.read())

"""The content of a file that is a key ring's: none, a document, or something else, which is not touched."""

import json
from pathlib import Path

import pytest

from tests.contract.stores.file_place import LIMIT
from tests.contract.stores.rings import ring
from whatsapp_flow_keys import document
from whatsapp_flow_keys.errors import ForeignDocumentError
from whatsapp_flow_keys.stores.file.store import FileStore


def test_where_nothing_is_there_is_no_ring_and_nothing_is_made(store: FileStore, tmp_path: Path) -> None:
    assert store.read().ring is None
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("empty", [b"", b"\n", b"  \n\t"])
def test_an_empty_file_is_written_over(store: FileStore, path: Path, empty: bytes) -> None:
    path.write_bytes(empty)
    found = store.read()
    assert found.ring is None
    store.write(ring(), found)
    assert store.read().ring == ring()


def test_the_file_holds_the_document_and_nothing_else(store: FileStore, path: Path) -> None:
    store.write(ring(), store.read())
    assert path.read_text() == document.dump(ring())


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"password=hunter2", id="some text"),
        pytest.param(b'{"password": "hunter2"}', id="another tool's JSON"),
        pytest.param(b'{"format": "hunter2/1"}', id="another format"),
        pytest.param(b'{"format": "whatsapp-flow-keys/2", "x": "hunter2"}', id="a later version's"),
        pytest.param(b'{"format": "whatsapp-flow-keys/1", "x": "hunter2"}', id="a damaged ring"),
        pytest.param(b'["hunter2"]', id="a list"),
        pytest.param(b"[" * 100_000 + b"hunter2", id="nested too deeply"),
        pytest.param(b"\x00\xff\xfehunter2", id="binary"),
        pytest.param(b"hunter2" + b" " * LIMIT, id="too long"),
        pytest.param(b" " * (LIMIT + 1), id="blanks only but too long"),
    ],
)
def test_what_is_no_ring_is_named_but_neither_quoted_nor_touched(store: FileStore, path: Path, content: bytes) -> None:
    path.write_bytes(content)
    with pytest.raises(ForeignDocumentError) as caught:
        store.read()
    assert str(caught.value).startswith(f"file://{path}: ")
    assert "hunter2" not in str(caught.value).replace("'hunter2/1'", "")
    assert path.read_bytes() == content


def test_a_ring_with_half_of_its_bytes_is_foreign_and_stays(store: FileStore, path: Path) -> None:
    half = document.dump(ring()).encode()[:900]
    path.write_bytes(half)
    with pytest.raises(ForeignDocumentError) as caught:
        store.read()
    assert "PRIVATE KEY" not in str(caught.value)
    assert path.read_bytes() == half


def test_a_ring_that_lost_a_key_is_damaged(store: FileStore, path: Path) -> None:
    damaged = json.loads(document.dump(ring())) | {"private_keys": ""}
    path.write_text(json.dumps(damaged))
    with pytest.raises(ForeignDocumentError, match="is damaged"):
        store.read()

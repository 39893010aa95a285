"""URLs of files: which are valid, and which file each names."""

from pathlib import Path

import pytest

from tests.contract.stores.rings import ring
from whatsapp_flow_keys.errors import InputError
from whatsapp_flow_keys.stores.file.store import FileStore
from whatsapp_flow_keys.stores.urls import open_store


def test_the_url_of_a_store_opens_the_same_file(tmp_path: Path) -> None:
    store = FileStore(str(tmp_path / "a ring%20#1?.json"))
    store.write(ring(), store.read())
    assert open_store(store.url).read().ring == ring()


def test_an_encoded_blank_in_the_url_is_a_blank_in_the_path(tmp_path: Path) -> None:
    store = open_store(f"file://{tmp_path}/our%20ring.json")
    store.write(ring(), store.read())
    assert (tmp_path / "our ring.json").exists()


@pytest.mark.parametrize("form", ["file://{}", "file://localhost{}", "file:{}", "FILE://{}"])
def test_every_form_of_a_file_url_names_the_path(path: Path, form: str) -> None:
    assert open_store(form.format(path)).url == path.as_uri()


@pytest.mark.parametrize("url", [None, 7, "", "  ", ["file:///a"]])
def test_a_url_that_is_no_text_or_empty_is_named_with_its_field(url: object) -> None:
    with pytest.raises(InputError, match=r"^backups.0.: is empty; give a store's URL"):
        open_store(url, "backups[0]")


@pytest.mark.parametrize("url", ["file://var/lib/ring.json", "file:///a/ring.json?x=1", "file:///a/ring.json#x"])
def test_a_file_url_with_a_host_query_or_fragment_is_refused(url: str) -> None:
    with pytest.raises(InputError, match=r"^backups.0.: a file store's URL has three slashes and a path"):
        open_store(url, "backups[0]")


@pytest.mark.parametrize("url", ["/var/lib/ring.json", "ring.json", "s3://bucket/ring.json", "https://host/ring"])
def test_a_url_of_another_kind_is_refused_with_those_that_are_known(url: str) -> None:
    with pytest.raises(InputError, match=r"^backups.0.: '.*' is not a store; known are `stack`, `file://…`, "):
        open_store(url, "backups[0]")


@pytest.mark.parametrize("url", ["file://[x/ring.json", "file:///tmp/" + "a" * 300, "file:///tmp/", "file:relative"])
def test_a_url_that_can_be_no_file_is_one_sentence_that_names_its_field(url: str) -> None:
    with pytest.raises(InputError, match=r"^backups\[0\]: "):
        open_store(url, "backups[0]")

"""A store and its backups as a program names them: their order, and the field that an error names."""

from pathlib import Path

import pytest

from whatsapp_flow_keys.errors import InputError
from whatsapp_flow_keys.stores.urls import STACK, parse_stores


def test_the_stacks_own_store_is_no_store_to_open() -> None:
    assert parse_stores(STACK, []) == ()


def test_the_store_comes_first_and_backups_in_their_order(tmp_path: Path) -> None:
    urls = [(tmp_path / name).as_uri() for name in ("b", "a", "c")]
    assert [store.url for store in parse_stores(urls[0], urls[1:])] == urls


@pytest.mark.parametrize("backups", [None, "file:///a", {"file:///a": 1}])
def test_backups_that_are_no_list_are_refused(backups: object) -> None:
    with pytest.raises(InputError, match=r"^backups: must be a list of stores$"):
        parse_stores(STACK, backups)


def test_the_backup_that_can_not_be_used_is_named_by_its_place(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"^backups\[1\]: "):
        parse_stores(STACK, [(tmp_path / "a").as_uri(), "s3://bucket/b"])


def test_a_store_that_can_not_be_used_is_named() -> None:
    with pytest.raises(InputError, match=r"^store: "):
        parse_stores("s3://bucket/b", [])


def test_a_place_that_is_named_twice_is_refused_also_through_a_symlink(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "ring.json")
    with pytest.raises(InputError, match="is named twice"):
        parse_stores((tmp_path / "ring.json").as_uri(), [(tmp_path / "link").as_uri()])

"""Another tool's secret where a key ring should be in Vault is never overwritten, deleted or restored."""

import json

import pytest

from tests.contract.stores.place import delete
from tests.contract.stores.rings import ring
from tests.contract.stores.vault.proxy import Between, First, behind
from tests.contract.stores.vault.refusals import refusal
from tests.contract.stores.vault.secret import ANOTHER_TOOLS, versions
from tests.contract.stores.vault_place import VaultPlace
from whatsapp_flow_keys.errors import ForeignDocumentError, StoreConflictError


def test_another_tools_secret_that_came_meanwhile_is_not_deleted(place: VaultPlace, between: Between) -> None:
    store = behind(between, place)
    first = store.write(ring(), store.read())
    between.plan = [None, First(lambda: place.put(json.dumps(ANOTHER_TOOLS)))]
    refusal(StoreConflictError, lambda: store.delete(first), place)
    assert json.loads(place.content() or "null") == ANOTHER_TOOLS


def test_another_tools_deleted_secret_is_deleted_again(place: VaultPlace) -> None:
    place.put(json.dumps(ANOTHER_TOOLS))
    place.kv.delete_latest_version_of_secret(place.path)
    text = refusal(ForeignDocumentError, place.store().restore, place)
    assert text.startswith(f"{place.url}: holds JSON without the field `format`")
    assert place.content() is None
    place.kv.undelete_secret_versions(place.path, [1])
    assert json.loads(place.content() or "null") == ANOTHER_TOOLS


def test_a_restored_ring_that_another_tool_writes_over_stays_in_the_history(
    place: VaultPlace, between: Between
) -> None:
    """Requests: the look, the restoration, and the look at what is back."""
    store = place.store()
    store.delete(store.write(ring(), store.read()))
    between.plan = [None, None, First(lambda: place.put(json.dumps(ANOTHER_TOOLS)))]
    with pytest.raises(ForeignDocumentError):
        behind(between, place).restore()
    versions = place.kv.read_secret_metadata(place.path)["data"]["versions"]
    assert [versions[name]["deletion_time"] for name in ("1", "2")] == ["", ""]


def test_another_tools_secret_is_not_deleted(place: VaultPlace) -> None:
    place.put(json.dumps(ANOTHER_TOOLS))
    refusal(ForeignDocumentError, lambda: delete(place.store()), place)
    assert json.loads(place.content() or "null") == ANOTHER_TOOLS


def test_another_tools_fields_are_never_overwritten(place: VaultPlace) -> None:
    nothing = place.store().read()
    place.put(json.dumps(ANOTHER_TOOLS))
    refusal(ForeignDocumentError, place.store().read, place)
    refusal(StoreConflictError, lambda: place.store().write(ring(), nothing), place)
    assert json.loads(place.content() or "null") == ANOTHER_TOOLS
    assert versions(place) == 1

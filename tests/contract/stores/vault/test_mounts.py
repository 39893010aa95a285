"""Mounts of Vault: any of KV version 2 will do, and an error names any other."""

from tests.contract.stores.rings import ring
from tests.contract.stores.vault.refusals import refusal
from tests.contract.stores.vault.secret import ANOTHER_TOOLS
from tests.contract.stores.vault_place import VaultPlace
from whatsapp_flow_keys.errors import StoreUnavailableError
from whatsapp_flow_keys.stores.vault.store import VaultStore


def test_a_mount_of_version_1_is_refused_before_anything_is_written(place: VaultPlace) -> None:
    place.server.make_mount(f"v1/{place.path}", 1)
    store = VaultStore(place.server.url("line", mount=f"v1/{place.path}"))
    text = refusal(StoreUnavailableError, store.read, place)
    assert f"is v1/{place.path}/ a mount of KV version 2?" in text


def test_a_secret_in_a_mount_of_version_1_is_refused(place: VaultPlace) -> None:
    place.server.make_mount(f"v1/{place.path}", 1)
    place.server.client().secrets.kv.v1.create_or_update_secret(
        "data/line", ANOTHER_TOOLS, mount_point=f"v1/{place.path}"
    )
    store = VaultStore(place.server.url("line", mount=f"v1/{place.path}"))
    assert "a mount of KV version 2?" in refusal(StoreUnavailableError, store.read, place)


def test_a_mount_that_is_not_there_is_named(place: VaultPlace) -> None:
    store = VaultStore(place.server.url("line", mount="no/such"))
    text = refusal(StoreUnavailableError, store.read, place)
    assert text == f"{store.url}: nothing is mounted at no/such/; check mount=. Is it a mount of KV version 2?"
    refusal(StoreUnavailableError, lambda: store.write(ring(), place.store().read()), place)


def test_a_mount_of_another_engine_is_no_mount_of_version_2(place: VaultPlace) -> None:
    place.server.client().sys.enable_secrets_engine("transit", path=f"another/{place.path}")
    store = VaultStore(place.server.url("line", mount=f"another/{place.path}"))
    assert "a mount of KV version 2? It does not answer as one" in refusal(StoreUnavailableError, store.read, place)


def test_a_path_in_a_mount_is_no_mount(place: VaultPlace) -> None:
    store = VaultStore(place.server.url("line", mount="secret/team"))
    assert "is secret/team/ a mount of KV version 2?" in refusal(StoreUnavailableError, store.read, place)


def test_a_mount_with_slashes_in_its_name_works(place: VaultPlace) -> None:
    place.server.make_mount(f"team/{place.path}", 2)
    store = VaultStore(place.server.url("a/line", mount=f"team/{place.path}"))
    store.write(ring(), store.read())
    assert (store.read().ring, store.secret_id) == (ring(), f"team/{place.path}/data/a/line")

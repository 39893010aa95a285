"""When two documents in Vault have the same place."""

import pytest

from tests.contract.stores.rings import ring
from tests.contract.stores.vault_place import VaultPlace
from tools.openbao import OpenBao
from whatsapp_flow_keys.stores.vault.store import VaultStore


def test_one_document_has_one_place_under_every_name_of_its_server(place: VaultPlace) -> None:
    by_name = VaultStore(place.url.replace("127.0.0.1", "localhost"))
    written = place.store().write(ring(), place.store().read())
    assert by_name.url != place.store().url
    assert by_name.read().place == place.store().read().place == written.place != ""


def test_a_version_has_the_place_that_it_had_when_it_is_deleted_and_restored(place: VaultPlace) -> None:
    store = place.store()
    written = store.write(ring(), store.read())
    store.delete(written)
    assert store.read().place == written.place
    store.restore()
    assert store.read() == written


def test_the_same_document_at_another_path_mount_namespace_or_server_has_another_place(
    place: VaultPlace, lasting: OpenBao, monkeypatch: pytest.MonkeyPatch
) -> None:
    mount, namespace = f"{place.path}-mount", f"place-{place.path.rpartition('-')[2]}"
    place.server.make_mount(mount, 2)
    place.server.make_namespace(namespace)
    stores = [
        place.store(),
        VaultStore(place.server.url(f"{place.path}-other")),
        VaultStore(place.server.url(place.path, mount=mount)),
        VaultStore(place.server.url(place.path, namespace=namespace)),
    ]
    found = [store.write(ring(), store.read()) for store in stores]
    elsewhere = VaultPlace(lasting, monkeypatch).store()
    found.append(elsewhere.write(ring(), elsewhere.read()))
    assert {each.version for each in found} == {"1"}
    assert len({each.place for each in found}) == len(found) == 5

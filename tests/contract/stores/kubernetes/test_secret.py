"""What the Secret looks like, and whose it has to be before it is changed."""

import base64
import re
from collections.abc import Callable
from typing import Any

import pytest

from tests.contract.stores.kubernetes_place import KubernetesPlace
from tests.contract.stores.place import delete
from tests.contract.stores.rings import ring
from whatsapp_flow_keys import document
from whatsapp_flow_keys.errors import ForeignDocumentError, StoreConflictError, StoreUnavailableError
from whatsapp_flow_keys.stores.kubernetes.store import KubernetesStore
from whatsapp_flow_keys.stores.store import Versioned

CHANGES: dict[str, Callable[[KubernetesStore, Versioned], object]] = {
    "write": lambda store, found: store.write(ring(2), found),
    "delete": lambda store, found: store.delete(found),
}
change = pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)


def write(place: KubernetesPlace, revision: int = 1) -> Versioned:
    store = place.store()
    return store.write(ring(revision), store.read())


def found(place: KubernetesPlace) -> dict[str, Any]:
    there = place.found()
    assert there is not None
    return there


def existing(place: KubernetesPlace) -> KubernetesStore:
    return KubernetesStore(f"{place.url}?existing=true")


def applied(place: KubernetesPlace, fields: dict[str, dict[str, str]]) -> None:
    """Another tool's server-side apply."""
    body = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": place.secret}, **fields}
    query = "?fieldManager=external-secrets"
    place.server.ask("PATCH", f"{place.path}{query}", body, kind="application/apply-patch+yaml")


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def test_a_pod_can_mount_the_document_or_the_keys_alone(place: KubernetesPlace) -> None:
    write(place)
    assert place.fields() == {"document": document.dump(ring()), "private_keys": ring().private_keys}
    assert found(place)["type"] == "Opaque"


def test_a_write_changes_both_fields_together(place: KubernetesPlace) -> None:
    write(place)
    write(place, 2)
    assert place.fields() == {"document": document.dump(ring(2)), "private_keys": ring(2).private_keys}


def test_labels_and_an_annotation_say_whose_it_is(place: KubernetesPlace) -> None:
    write(place)
    metadata = found(place)["metadata"]
    assert metadata["labels"] == {
        "app.kubernetes.io/managed-by": "whatsapp-flow-encryption",
        "whatsapp-flow-keys/phone-number-id": "106540352242922",
    }
    assert metadata["annotations"] == {"whatsapp-flow-keys/managed-by": "org/flows/prod"}


def test_what_others_put_on_the_secret_stays(place: KubernetesPlace) -> None:
    write(place)
    place.change({"metadata": {"labels": {"team": "payments"}}, "stringData": {"theirs": "x"}})
    write(place, 2)
    assert found(place)["metadata"]["labels"]["team"] == "payments"
    assert place.fields()["theirs"] == "x"


def test_a_label_that_changed_meanwhile_is_a_conflict(place: KubernetesPlace) -> None:
    read = write(place)
    place.change({"metadata": {"labels": {"team": "payments"}}})
    with pytest.raises(StoreConflictError):
        place.store().write(ring(2), read)


def test_a_secret_of_the_same_name_that_was_made_meanwhile_is_a_conflict(place: KubernetesPlace) -> None:
    read = write(place)
    place.destroy()
    place.make({"document": document.dump(ring())})
    for made in CHANGES.values():
        with pytest.raises(StoreConflictError):
            made(place.store(), read)
    assert place.content() == document.dump(ring())


@change
def test_a_controllers_secret_is_read_but_not_changed(
    place: KubernetesPlace, change: Callable[[KubernetesStore, Versioned], object]
) -> None:
    owner = {"apiVersion": "v1", "kind": "ConfigMap", "name": "theirs", "uid": "1", "controller": True}
    place.make({"document": document.dump(ring())}, metadata={"ownerReferences": [owner]})
    store = place.store()
    read = store.read()
    assert read.ring == ring()
    with pytest.raises(ForeignDocumentError, match="belongs to the ConfigMap theirs"):
        change(store, read)
    assert place.content() == document.dump(ring())


@change
@pytest.mark.parametrize("kind", ["data", "stringData"])
def test_a_document_under_another_ones_server_side_apply_is_read_but_not_changed(
    place: KubernetesPlace, kind: str, change: Callable[[KubernetesStore, Versioned], object]
) -> None:
    text = document.dump(ring())
    applied(place, {kind: {"document": encoded(text) if kind == "data" else text}})
    store = place.store()
    read = store.read()
    assert read.ring == ring()
    with pytest.raises(ForeignDocumentError, match=r"belongs to external-secrets \(server-side apply\)"):
        change(store, read)
    assert place.content() == document.dump(ring())


def test_an_apply_of_others_over_our_document_is_refused_by_the_server(place: KubernetesPlace) -> None:
    write(place)
    with pytest.raises(AssertionError, match=r"conflict with .*whatsapp-flow-encryption"):
        applied(place, {"data": {"document": encoded(document.dump(ring(2)))}})


def test_an_apply_of_others_that_names_none_of_our_fields_holds_nothing_back(place: KubernetesPlace) -> None:
    applied(place, {"stringData": {}})
    write(place)
    assert place.content() == document.dump(ring())


def test_an_immutable_secret_takes_no_new_key(place: KubernetesPlace) -> None:
    write(place)
    place.change({"immutable": True})
    with pytest.raises(StoreUnavailableError, match="is immutable"):
        write(place, 2)
    assert place.content() == document.dump(ring())


def test_an_immutable_secret_is_deleted(place: KubernetesPlace) -> None:
    write(place)
    place.change({"immutable": True})
    assert delete(place.store()) == ""
    assert place.found() is None


def test_another_tools_fields_are_named_as_foreign_and_not_quoted(place: KubernetesPlace) -> None:
    place.make({"username": "svc", "password": "hunter2"})
    with pytest.raises(ForeignDocumentError, match="has 2 fields and none of them is `document`") as caught:
        place.store().read()
    assert "hunter2" not in str(caught.value)


def test_a_document_that_is_not_text_is_foreign(place: KubernetesPlace) -> None:
    place.make({})
    place.change({"data": {"document": "/w=="}})
    with pytest.raises(ForeignDocumentError, match="is not text"):
        place.store().read()


def test_a_secret_with_fields_of_others_is_not_deleted(place: KubernetesPlace) -> None:
    write(place)
    place.change({"stringData": {"theirs": "x"}})
    with pytest.raises(StoreUnavailableError, match="has 1 more fields than the key ring's"):
        delete(place.store())
    assert place.fields()["theirs"] == "x"


def test_an_empty_secret_that_somebody_made_stays(place: KubernetesPlace) -> None:
    place.make_empty()
    assert delete(place.store()) == ""
    assert place.found() is not None


def test_a_deletion_that_waits_for_a_finalizer_says_so(place: KubernetesPlace) -> None:
    write(place)
    place.change({"metadata": {"finalizers": ["example.com/backup"]}})
    assert delete(place.store()).endswith("once its finalizers have let it go: example.com/backup")
    with pytest.raises(StoreUnavailableError, match=r"waits for its finalizers \(example.com/backup\)"):
        write(place, 2)
    place.change({"metadata": {"finalizers": None}})
    assert place.store().read().ring is None


def test_a_platform_teams_secret_is_filled_and_neither_labelled_nor_deleted(place: KubernetesPlace) -> None:
    place.make_empty()
    store = existing(place)
    store.write(ring(), store.read())
    assert place.content() == document.dump(ring())
    assert "labels" not in found(place)["metadata"]
    assert "so it stays" in delete(store)
    assert place.content() == document.dump(ring())


def test_a_platform_teams_secret_that_is_missing_is_not_made(place: KubernetesPlace) -> None:
    store = existing(place)
    with pytest.raises(StoreUnavailableError, match="there is no such secret"):
        store.write(ring(), store.read())
    assert place.found() is None


def test_its_names_for_people_and_policies(place: KubernetesPlace) -> None:
    store = existing(place)
    assert (store.url, store.location) == (place.url, f"{place.url}?existing=true")
    assert store.secret_id == f"{place.namespace}/{place.secret}"
    assert re.fullmatch(r"kubernetes://local/flows-\w+/line-\d+", store.url)

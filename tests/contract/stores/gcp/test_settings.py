"""What surrounds the versions: labels, replicas, and which permission each call takes."""

from typing import Any

import pytest

from tests.contract.stores.gcp_place import GcpPlace, permissions
from tests.contract.stores.place import delete
from tests.contract.stores.rings import ring
from whatsapp_flow_keys.errors import StoreConflictError, StoreError, StorePermissionError, StoreUnavailableError
from whatsapp_flow_keys.stores.gcp_secret_manager.store import GcpSecretManagerStore

OURS = {"whatsapp-flow-keys-phone-number-id": "106540352242922"}
KEY = "projects/keys/locations/{}/keyRings/flows/cryptoKeys/flows"


def described(place: GcpPlace) -> Any:
    return place.server.secrets[place.secret].described


def written(place: GcpPlace, settings: str) -> GcpSecretManagerStore:
    store = GcpSecretManagerStore(place.url + settings)
    store.write(ring(), store.read())
    store.settle()
    return store


def test_a_secret_is_made_with_its_labels_and_says_whose_it_is(place: GcpPlace) -> None:
    written(place, "?tag.team=payments")
    assert described(place).labels == {**OURS, "team": "payments"}
    assert described(place).annotations["whatsapp-flow-keys-managed-by"] == ring().managed_by
    assert place.server.calls.count("UpdateSecret") == 0


def test_labels_that_the_program_no_longer_gives_go_and_those_of_others_stay(place: GcpPlace) -> None:
    written(place, "?tag.team=payments&tag.tier=one")
    described(place).labels["cost"] = "42"
    store = GcpSecretManagerStore(f"{place.url}?tag.team=billing")
    store.read()
    store.settle()
    assert described(place).labels == {**OURS, "team": "billing", "cost": "42"}
    store.settle()
    assert place.server.calls.count("UpdateSecret") == 1


def test_labels_that_somebody_changes_at_the_same_moment_stay(place: GcpPlace) -> None:
    written(place, "")

    def change(method: str, _: Any) -> None:
        if method == "UpdateSecret":
            place.server.before = lambda _method, _request: None
            described(place).labels["cost"] = "42"
            described(place).etag = "another"

    place.server.before = change
    GcpSecretManagerStore(f"{place.url}?tag.team=billing").settle()
    assert described(place).labels == {**OURS, "team": "billing", "cost": "42"}


@pytest.mark.parametrize(
    ("settings", "replication"),
    [
        ("", {"automatic": {}}),
        (
            f"?kms_keys={KEY.format('global')}",
            {"automatic": {"customer_managed_encryption": {"kms_key_name": KEY.format("global")}}},
        ),
        (
            "?locations=europe-west3,europe-west4",
            {"user_managed": {"replicas": [{"location": "europe-west3"}, {"location": "europe-west4"}]}},
        ),
        (
            f"?locations=europe-west3&kms_keys={KEY.format('europe-west3')}",
            {
                "user_managed": {
                    "replicas": [
                        {
                            "location": "europe-west3",
                            "customer_managed_encryption": {"kms_key_name": KEY.format("europe-west3")},
                        }
                    ]
                }
            },
        ),
    ],
)
def test_a_secret_is_replicated_and_encrypted_as_the_url_says(
    place: GcpPlace, settings: str, replication: dict[str, Any]
) -> None:
    written(place, settings)
    made = described(place)
    assert made.replication == type(made.replication)(replication)


@pytest.mark.parametrize("settings", ["?locations=europe-west4", f"?kms_keys={KEY.format('global')}"])
def test_other_replicas_than_the_secret_was_made_with_are_an_error(place: GcpPlace, settings: str) -> None:
    written(place, "?locations=europe-west3" if "locations" in settings else "")
    with pytest.raises(
        StoreUnavailableError, match="Google changes neither their locations nor how they are encrypted"
    ):
        GcpSecretManagerStore(place.url + settings).settle()


def test_a_platform_teams_secret_is_filled_and_neither_made_labelled_nor_deleted(place: GcpPlace) -> None:
    store = GcpSecretManagerStore(f"{place.url}?existing=true")
    with pytest.raises(StoreUnavailableError, match="never made here"):
        store.write(ring(), store.read())
    place.make_empty()
    store.write(ring(), store.read())
    store.settle()
    assert described(place).labels == {}
    assert "stays with the private keys in it" in delete(store)
    assert store.read().ring == ring()


def test_an_endpoint_needs_no_other_permission_than_to_access(place: GcpPlace) -> None:
    held = written(place, "").read()
    endpoint = place.store_of(*permissions("For the endpoint"))
    assert endpoint.read() == held
    with pytest.raises(StorePermissionError, match=r"lack the permission secretmanager\.versions\.add"):
        endpoint.write(ring(revision=2), held)
    with pytest.raises(StorePermissionError, match=r"lack the permission secretmanager\.secrets\.get"):
        endpoint.delete(held)


def test_a_stack_lives_on_the_permissions_of_the_page(place: GcpPlace) -> None:
    _lives(place.store_of(*permissions("For the stack"), url=f"{place.url}?tag.team=payments"))
    assert place.secret not in place.server.secrets


def test_a_stack_changes_labels_by_the_permission_to_update(place: GcpPlace) -> None:
    written(place, "")
    granted = permissions("For the stack")
    place.store_of(*granted, url=f"{place.url}?tag.team=payments").settle()
    with pytest.raises(StorePermissionError, match=r"secretmanager\.secrets\.update"):
        place.store_of(*granted - {"secrets.update"}, url=f"{place.url}?tag.team=billing").settle()


def test_a_stack_with_a_platform_teams_secret_needs_to_add_and_to_access_only(place: GcpPlace) -> None:
    place.make_empty()
    stack = place.store_of("versions.access", "versions.add", url=f"{place.url}?existing=true")
    first = stack.write(ring(), stack.read())
    stack.settle()
    stack.write(ring(revision=2), first)
    assert delete(stack).endswith("with the private keys in it")


@pytest.mark.parametrize(
    "missing", ["secrets.create", "secrets.get", "secrets.delete", "versions.add", "versions.access"]
)
def test_each_permission_of_the_page_is_needed(place: GcpPlace, missing: str) -> None:
    stack = place.store_of(*(name for name in permissions("For the stack") if name != missing))
    with pytest.raises(StoreError, match=rf"secretmanager\.{missing}"):
        _lives(stack)


def _lives(stack: Any) -> None:
    stack.write(ring(), stack.read())
    stack.settle()
    delete(stack)


def test_two_stores_of_one_secret_that_write_one_after_another_without_reading(place: GcpPlace) -> None:
    first = place.store().write(ring(), place.store().read())
    place.store().write(ring(revision=2), first)
    with pytest.raises(StoreConflictError):
        place.store().write(ring(revision=2, owner="theirs"), first)

"""Each way in which Google says no is a sentence that says what to do; what it quotes holds no key."""

import pytest

from tests.contract.stores.gcp_place import GcpPlace
from tests.contract.stores.rings import ring
from tests.servers.secret_manager import Fault
from whatsapp_flow_keys.errors import StoreError, StorePermissionError, StoreUnavailableError

KEY = "projects/keys/locations/global/keyRings/flows/cryptoKeys/flows"


@pytest.mark.parametrize(
    ("status", "words", "kind", "said"),
    [
        ("UNAUTHENTICATED", "Request had invalid credentials.", StorePermissionError, "log in again"),
        ("PERMISSION_DENIED", "Permission 'x' denied (or it may not exist).", StorePermissionError, "versions.access"),
        (
            "PERMISSION_DENIED",
            "Secret Manager API has not been used in project 1 before or it is disabled.",
            StorePermissionError,
            "gcloud services enable secretmanager.googleapis.com",
        ),
        (
            "PERMISSION_DENIED",
            "This API method requires billing to be enabled.",
            StorePermissionError,
            "no billing account that is open",
        ),
        ("FAILED_PRECONDITION", f"Cloud KMS key {KEY} is not enabled.", StoreUnavailableError, "it must be enabled"),
        (
            "PERMISSION_DENIED",
            f"Permission 'cloudkms.cryptoKeyVersions.useToDecrypt' denied on {KEY}.",
            StoreUnavailableError,
            "roles/cloudkms.cryptoKeyEncrypterDecrypter",
        ),
        ("RESOURCE_EXHAUSTED", "Quota exceeded.", StoreUnavailableError, "quota for Secret Manager is used up"),
        ("UNAVAILABLE", "The service is currently unavailable.", StoreUnavailableError, "can't be reached"),
        ("DEADLINE_EXCEEDED", "Deadline Exceeded", StoreUnavailableError, "WHATSAPP_STORE_DEADLINE"),
        ("FAILED_PRECONDITION", "Something else.", StoreUnavailableError, "Google says: Something else."),
        ("DATA_LOSS", "Something else.", StoreUnavailableError, r"\(DATA_LOSS\): Something else."),
    ],
)
def test_a_refusal_says_what_to_do(place: GcpPlace, status: str, words: str, kind: type[StoreError], said: str) -> None:
    place.server.faults = [Fault("AccessSecretVersion", status, words) for _ in range(3)]
    with pytest.raises(kind, match=said) as caught:
        place.store().read()
    assert type(caught.value) is kind or said.startswith("Google says")
    assert str(caught.value).startswith(f"{place.url}: ")


def test_a_creation_that_an_organizations_policy_forbids_names_the_argument(place: GcpPlace) -> None:
    words = "Constraint constraints/gcp.resourceLocations violated for projects/1 attempting to create a secret."
    place.server.faults = [Fault("CreateSecret", "FAILED_PRECONDITION", words)]
    store = place.store()
    with pytest.raises(StoreUnavailableError, match="give locations="):
        store.write(ring(), store.read())


@pytest.mark.parametrize("status", ["UNAVAILABLE", "DEADLINE_EXCEEDED", "RESOURCE_EXHAUSTED", "INTERNAL", "ABORTED"])
def test_a_fault_that_passes_is_met_by_asking_again(place: GcpPlace, status: str) -> None:
    place.server.faults = [Fault("AccessSecretVersion", status) for _ in range(2)]
    assert place.store().read().ring is None


def test_a_quotation_holds_no_key_and_no_word_for_the_terminal(place: GcpPlace) -> None:
    data = "QUJD" * 40
    place.server.faults = [Fault("AccessSecretVersion", "DATA_LOSS", f"\x1b[31m {data} is bad\nvery")]
    with pytest.raises(StoreUnavailableError) as caught:
        place.store().read()
    assert data not in str(caught.value)
    assert str(caught.value).isprintable()

"""What a cluster refuses, in words that say what to do."""

import base64
import logging

import pytest

from tests.contract.stores.environment import under
from tests.contract.stores.kubernetes_place import KubernetesPlace, role
from tests.contract.stores.place import delete
from tests.contract.stores.rings import ring
from whatsapp_flow_keys import document
from whatsapp_flow_keys.errors import RingTooLargeError, StorePermissionError, StoreUnavailableError
from whatsapp_flow_keys.stores.kubernetes.store import KubernetesStore
from whatsapp_flow_keys.stores.store import Store


def write(store: Store, revision: int = 1) -> None:
    store.write(ring(revision), store.read())


def stacks(place: KubernetesPlace) -> Store:
    return under({"KUBECONFIG": place.kubeconfig_of("For the stack")}, place.store())


def endpoints(place: KubernetesPlace) -> Store:
    return under({"KUBECONFIG": place.kubeconfig_of("For the endpoint")}, place.store())


def test_the_pages_role_for_the_stack_is_enough(place: KubernetesPlace) -> None:
    store = stacks(place)
    write(store)
    write(store, 2)
    assert place.content() == document.dump(ring(2))
    assert delete(store) == ""
    assert place.found() is None


def test_the_pages_role_for_the_stack_reads_no_other_secret(place: KubernetesPlace) -> None:
    token = place.server.token_for(place.namespace, *role("For the stack", place), account="pulumi")
    with pytest.raises(StorePermissionError, match="RBAC does not allow these credentials to get it"):
        place.store_as(token, f"{place.url}-other").read()


def test_the_pages_role_for_the_endpoint_reads_and_no_more(place: KubernetesPlace) -> None:
    write(place.store())
    store = endpoints(place)
    found = store.read()
    assert found.ring == ring()
    with pytest.raises(StorePermissionError, match="RBAC does not allow these credentials to patch it"):
        store.write(ring(2), found)
    with pytest.raises(StorePermissionError, match="RBAC does not allow these credentials to delete it"):
        store.delete(found)
    assert place.content() == document.dump(ring())


def test_the_sentence_about_a_narrow_role_says_what_a_stack_and_an_endpoint_need(place: KubernetesPlace) -> None:
    with pytest.raises(StorePermissionError) as caught:
        place.forbidden().read()
    assert f"a stack needs create on secrets, and get, patch and delete on the Secret {place.secret}" in str(
        caught.value
    )


def test_a_token_that_the_server_does_not_know_is_said(place: KubernetesPlace) -> None:
    with pytest.raises(StorePermissionError, match="doesn't know these credentials") as caught:
        place.store_as("wrong-token").read()
    assert "wrong-token" not in str(caught.value)


def test_a_namespace_that_is_missing_is_named(place: KubernetesPlace) -> None:
    store = KubernetesStore("kubernetes://local/nowhere/line")
    assert store.read().ring is None
    with pytest.raises(StoreUnavailableError, match="there is no namespace nowhere in the cluster"):
        write(store)


def test_a_namespace_that_is_being_deleted_is_named(place: KubernetesPlace) -> None:
    place.server.ask("DELETE", f"/api/v1/namespaces/{place.namespace}")
    with pytest.raises(StoreUnavailableError, match=f"the namespace {place.namespace} is being deleted"):
        write(place.store())


@pytest.mark.parametrize("made", [False, True], ids=["made", "changed"])
def test_an_admission_policy_that_refuses_is_quoted(place: KubernetesPlace, made: bool) -> None:
    if made:
        write(place.store())
    refuse(place, "secrets are frozen during the audit")
    with pytest.raises(StoreUnavailableError, match="secrets are frozen during the audit") as caught:
        write(place.store(), 2)
    assert "nothing was written" in str(caught.value)
    assert place.content() == (document.dump(ring()) if made else None)


def test_an_admission_policy_that_quotes_the_secret_is_quoted_without_it(place: KubernetesPlace) -> None:
    refuse(place, expression="'refused: ' + string(object.data.private_keys)")
    with pytest.raises(StoreUnavailableError, match="refused: ") as caught:
        write(place.store())
    assert document.dump(ring())[:40] not in str(caught.value)
    for line in ring().private_keys.splitlines()[1:3]:
        assert line not in str(caught.value)
    assert encoded(ring().private_keys)[:40] not in str(caught.value)


def test_a_secret_that_others_filled_up_is_too_large(place: KubernetesPlace) -> None:
    place.make({"document": " ", "theirs": "x" * (1024 * 1024 - 1000)})
    with pytest.raises(RingTooLargeError, match="larger than Kubernetes takes"):
        write(place.store())
    assert place.content() == " "


def test_an_api_server_that_restarts_is_found_again(place: KubernetesPlace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WHATSAPP_STORE_DEADLINE", "3")
    store = place.store()
    write(store)
    place.server.stop()
    try:
        with pytest.raises(StoreUnavailableError, match="the API server can't be reached"):
            store.read()
    finally:
        place.server.start()
    write(store, 2)
    assert place.content() == document.dump(ring(2))


def test_the_client_librarys_debug_log_shows_no_private_key(
    place: KubernetesPlace, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    write(place.store())
    place.store().read()
    assert encoded(ring().private_keys)[:60] not in caplog.text
    assert "BEGIN" not in caplog.text


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def refuse(place: KubernetesPlace, message: str = "", expression: str = "") -> None:
    """A ValidatingAdmissionPolicy that lets no Secret of the place's namespace through, once it is in force."""
    api = "/apis/admissionregistration.k8s.io/v1"
    said = {"messageExpression": expression} if expression else {"message": message}
    policy = {
        "metadata": {"name": place.namespace},
        "spec": {
            "matchConstraints": {
                "resourceRules": [
                    {
                        "apiGroups": [""],
                        "apiVersions": ["v1"],
                        "operations": ["CREATE", "UPDATE"],
                        "resources": ["secrets"],
                    }
                ]
            },
            "validations": [{"expression": "false", **said}],
        },
    }
    binding = {
        "metadata": {"name": place.namespace},
        "spec": {
            "policyName": place.namespace,
            "validationActions": ["Deny"],
            "matchResources": {
                "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": place.namespace}},
            },
        },
    }
    place.server.ask("POST", f"{api}/validatingadmissionpolicies", policy)
    place.server.ask("POST", f"{api}/validatingadmissionpolicybindings", binding)
    place.server.wait_until_refused(
        f"/api/v1/namespaces/{place.namespace}/secrets?dryRun=All", {"metadata": {"name": "probe"}}
    )

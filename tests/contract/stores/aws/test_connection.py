"""An AWS endpoint that is down, silent or not AWS: how often it is asked, and the sentence that says so."""

import pytest
from botocore.stub import Stubber

from tests.contract.stores.aws.answers import listening
from tests.contract.stores.aws_place import AwsPlace
from whatsapp_flow_keys.errors import InputError, StoreUnavailableError


def test_an_endpoint_that_is_no_url_is_said(place: AwsPlace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "not a url")
    with pytest.raises(StoreUnavailableError, match=f"^{place.url}: AWS can't be reached .*AWS_ENDPOINT_URL"):
        place.store().read()


def test_a_closed_port_is_tried_as_often_as_every_fault_and_then_said(
    place: AwsPlace, closed_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{closed_port}")
    sent: list[str] = []
    with (
        listening("before-send", lambda request, **_: sent.append(request.url)),
        pytest.raises(StoreUnavailableError, match=f"^{place.url}: AWS can't be reached or doesn't answer"),
    ):
        place.store().read()
    assert len(sent) == 3


def test_a_server_that_never_answers_ends_in_an_error_that_names_the_limit(
    place: AwsPlace, silent_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WHATSAPP_STORE_DEADLINE", "0.6")
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{silent_port}")
    with pytest.raises(StoreUnavailableError, match=r"ReadTimeoutError .*WHATSAPP_STORE_DEADLINE"):
        place.store().read()


def test_a_no_is_not_asked_for_again(place: AwsPlace) -> None:
    sent: list[str] = []
    place.make_empty()
    with listening("before-send.secrets-manager.GetSecretValue", lambda request, **_: sent.append(request.url)):
        place.store().read()
    assert len(sent) == 1


def test_an_answer_that_is_not_the_services_is_an_error(stub: Stubber, place: AwsPlace) -> None:
    stub.add_response("get_secret_value", {})
    with pytest.raises(StoreUnavailableError, match="what answered secretsmanager:GetSecretValue is not AWS"):
        place.store().read()


def test_a_wrong_deadline_names_its_variable(place: AwsPlace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WHATSAPP_STORE_DEADLINE", "soon")
    with pytest.raises(InputError, match=r"^WHATSAPP_STORE_DEADLINE: "):
        place.store().read()

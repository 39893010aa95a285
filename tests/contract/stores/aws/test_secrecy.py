"""No error, repr or log shows what a store in AWS Secrets Manager must keep secret."""

import logging
import os

import pytest

from tests.contract.stores.aws.rings import ring
from tests.contract.stores.aws_place import AwsPlace
from tests.servers.secrets_manager import ACCOUNT
from whatsapp_flow_keys.errors import FlowKeysError


def test_no_repr_and_no_error_holds_a_key(place: AwsPlace) -> None:
    ours = place.store()
    first = ours.write(ring(), ours.read())
    shown = [repr(ours), repr(first), repr(vars(ours))]
    place.put("hunter2")
    for attempt in (ours.read, lambda: ours.write(ring(revision=2), first)):
        with pytest.raises(FlowKeysError) as caught:
            attempt()
        shown.append(str(caught.value))
    text = "".join(shown)
    assert "PRIVATE KEY" not in text
    assert "hunter2" not in text
    assert os.environ["AWS_SECRET_ACCESS_KEY"] not in text


def test_no_log_holds_a_key_or_a_token_even_for_debugging(
    place: AwsPlace, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("AWS_SESSION_TOKEN", "a-session-token")
    caplog.set_level(logging.DEBUG)
    ours = place.store(account=ACCOUNT)
    first = ours.write(ring(), ours.read())
    ours.write(ring(revision=2), first)
    assert place.store().read().ring == ring(revision=2)
    assert "PRIVATE KEY" not in caplog.text
    assert "a-session-token" not in caplog.text


def test_what_other_parts_of_the_program_log_of_boto3_stays(place: AwsPlace, caplog: pytest.LogCaptureFixture) -> None:
    place.store().read()
    caplog.set_level(logging.DEBUG)
    place.put("another tool's")
    assert "Making request for OperationModel(name=CreateSecret)" in caplog.text

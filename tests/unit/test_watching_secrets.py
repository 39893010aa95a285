"""Nothing of a form, no secret and no whole fingerprint is in anything that an exporter of OpenTelemetry is given."""

import pytest

from tests.exported import Exported
from tests.forms import APP_SECRET, TYPED_IN, endpoint_of, key, sent
from tests.secret_forms import forms_of, leaks
from tests.watched_endpoint import ANSWERED, KEYS, STORE, STRANGER, TOKEN, answers, send_everything


@pytest.fixture
def exported(monkeypatch: pytest.MonkeyPatch) -> Exported:
    return Exported(monkeypatch)


def secrets() -> set[str]:
    """What must not be told, in every form in which it could be."""
    keys = [key(name) for name in (*KEYS, STRANGER)]
    told = {TYPED_IN, TOKEN, ANSWERED, APP_SECRET, STORE, *(each.fingerprint[:13] for each in keys)}
    return told.union(*(forms_of(each.to_pem()) for each in keys))


def test_nothing_of_a_form_no_secret_and_no_whole_fingerprint_is_told(exported: Exported) -> None:
    told = send_everything(exported)
    assert len(exported.spans()) > 100
    assert key().fingerprint[:12] in told
    assert leaks(told, secrets()) == set()


@pytest.mark.parametrize("where", ["an attribute of a span", "an attribute of a metric", "an event", "a name"])
def test_the_search_finds_what_is_told(where: str, exported: Exported) -> None:
    endpoint, one, secret = endpoint_of(answers), sent(), key().fingerprint
    endpoint.answer(one.signed, one.body)
    with exported.tracer().start_as_current_span("of a test") as span:
        if where == "an attribute of a span":
            span.set_attribute("fingerprint", secret)
        elif where == "an attribute of a metric":
            exported.watch.waiting.add(1, {"fingerprint": secret})
        elif where == "an event":
            span.record_exception(ValueError(secret))
        else:
            span.update_name(secret)
    assert leaks(exported.everything(), secrets()) == {secret[:13]}

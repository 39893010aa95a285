"""A number whose keys AWS KMS holds and whose public key goes through AWS: nobody has an access token of Meta's."""

import pytest

from tests.contract.custody.place import KmsPlace
from tests.contract.miniature_engine import A_DAY, MiniatureEngine, trigger
from tests.contract.registrars import at_aws
from whatsapp_flow_keys import document


def test_a_number_lives_with_the_credentials_of_aws_alone(
    engine: MiniatureEngine, kms: KmsPlace, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_aws.put_in(monkeypatch, engine.emulator)
    kms.log_in(kms.server.environment)  # the emulator takes any credentials
    monkeypatch.delenv("AWS_SESSION_TOKEN")
    monkeypatch.delenv("WHATSAPP_ACCESS_TOKEN", raising=False)
    engine.token, kms.number = "", engine.number
    given = {
        "store": engine.store(),
        "stored_ring": True,
        "custody": kms.url,
        "registrar": at_aws.url_of(engine.number),
        "deployed": True,
    }
    engine.up(**given)
    first = engine.ring().references[0]
    for name in ("once", "twice", "thrice", "and again"):
        engine.clock.sleep(2 * A_DAY)
        engine.up(**given, **trigger(name))
    assert engine.served() == engine.fingerprint()
    assert kms.state(first) == "PendingDeletion"
    assert {kms.state(reference) for reference in engine.ring().references} == {"Enabled"}
    assert "PRIVATE KEY" not in document.dump(engine.ring())

"""The policies of docs/custody/aws-kms.md: each is enough, and neither can do the other's work.

MiniStack decides by actions; the conditions, which it doesn't know, are looked at here, and were read in AWS's
documentation.
"""

import pytest

from tests.contract.custody.kms.calls import listening
from tests.contract.custody.place import KmsPlace, kms_policies
from tests.contract.custody.test_contract import sealed_for
from tests.pages import ROOT
from tests.pairs import pair
from tools.ministack import ACCOUNT, REGION
from whatsapp_flow_keys.custody.aws_kms.service import LONGEST_WINDOW
from whatsapp_flow_keys.errors import StorePermissionError

SPEC = {"kms:KeySpec": "RSA_2048", "kms:KeyUsage": "ENCRYPT_DECRYPT"}
ALIASES = "alias/whatsapp-flows-106540352242922/*"


def test_the_stacks_is_enough_for_a_life(kms: KmsPlace) -> None:
    kms.log_in_with("For the stack")
    service = kms.service()
    before, after, newest = service.make(), service.make(), service.make()
    service.retire([before.fingerprint], [after.fingerprint, newest.fingerprint])
    service.retire([after.fingerprint], [newest.fingerprint])
    assert (kms.state(before), kms.state(after)) == ("PendingDeletion", "Disabled")
    assert service.find(newest.fingerprint) == newest
    assert service.trouble(newest) is None


def test_and_allows_nothing_that_a_life_does_not_ask_for(kms: KmsPlace) -> None:
    service, asked = kms.service(), set()
    with listening("before-parameter-build.kms", lambda model, **_: asked.add(f"kms:{model.name}")):
        before, after, newest = service.make(), service.make(), service.make()
        service.retire([before.fingerprint], [after.fingerprint, newest.fingerprint])
        service.retire([after.fingerprint], [newest.fingerprint])
        service.trouble(newest)
    assert asked | {"kms:TagResource"} == kms.actions("For the stack")  # CreateKey with tags needs that right, too


def test_with_the_stacks_no_form_can_be_decrypted(kms: KmsPlace) -> None:
    made = kms.service().make()
    kms.log_in_with("For the stack")
    with pytest.raises(StorePermissionError, match="kms:Decrypt"):
        kms.service().unwrap(made, sealed_for(made).wrapped_key)


def test_with_the_endpoints_forms_can_be_decrypted_and_nothing_else(kms: KmsPlace) -> None:
    made = kms.service().make()
    kms.log_in_with("For the endpoint")
    service, wrapped = kms.service(), sealed_for(made).wrapped_key
    assert len(service.unwrap(made, wrapped)) == 16
    for call in (service.make, lambda: service.trouble(made), lambda: service.find("0" * 64)):
        with pytest.raises(StorePermissionError, match="kms:"):
            call()
    assert kms.actions("For the endpoint") == {"kms:Decrypt"}


def test_to_import_a_key_the_stack_needs_the_third(kms: KmsPlace) -> None:
    kms.log_in_with("For the stack")
    with pytest.raises(StorePermissionError, match="kms:GetParametersForImport"):
        kms.service().adopt(pair())
    kms.log_in_with("For the stack", "To import a key")
    assert kms.service().adopt(pair()).fingerprint == pair().fingerprint


def test_each_is_limited_to_keys_of_the_kind_or_to_what_harms_nobody() -> None:
    tag, place = "whatsapp-flow-keys:phone-number-id", f"arn:aws:kms:{REGION}:{ACCOUNT}:"
    tagged = {f"aws:RequestTag/{tag}": "106540352242922"}
    found = {
        (title, statement["Sid"]): (statement["Resource"], statement.get("Condition", {}))
        for title, policy in kms_policies().items()
        for statement in policy["Statement"]
    }
    assert found == {
        ("For the stack", "Make"): ("*", {"StringEquals": {**SPEC, **tagged}}),
        ("For the stack", "Tag"): (
            f"{place}key/*",
            {"StringEquals": tagged, "ForAllValues:StringEquals": {"aws:TagKeys": [tag]}},
        ),
        ("For the stack", "Look"): ("*", {}),
        ("For the stack", "Name"): (f"{place}{ALIASES}", {}),
        ("For the stack", "Use"): (f"{place}key/*", {"StringEquals": SPEC}),
        ("For the stack", "Retire"): (
            f"{place}key/*",
            {
                "StringEquals": SPEC,
                "ForAnyValue:StringLike": {"kms:ResourceAliases": ALIASES},
                "NumericGreaterThanEqualsIfExists": {"kms:ScheduleKeyDeletionPendingWindowInDays": str(LONGEST_WINDOW)},
            },
        ),
        ("For the endpoint", "Decrypt"): (
            f"{place}key/*",
            {"StringEquals": {"kms:KeySpec": "RSA_2048", "kms:EncryptionAlgorithm": "RSAES_OAEP_SHA_256"}},
        ),
        ("To import a key", "Import"): (f"{place}key/*", {"StringEquals": {**SPEC, "kms:KeyOrigin": "EXTERNAL"}}),
    }


def test_what_narrows_the_endpoints_is_the_condition_of_the_stacks() -> None:
    page = (ROOT / "docs" / "custody" / "aws-kms.md").read_text()
    assert page.count(f'"ForAnyValue:StringLike": {{ "kms:ResourceAliases": "{ALIASES}" }}') == 2

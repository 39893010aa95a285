"""KMS keys that left the ring: disabled first, deleted later, and no other."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.contract.custody.place import KmsPlace
from tests.contract.custody.test_contract import PAYLOAD, sealed_for
from tests.pages import section_to_type
from tests.pairs import pair
from whatsapp_flow_keys.custody.aws_kms.service import LONGEST_WINDOW, PHONE_NUMBER_ID
from whatsapp_flow_keys.custody.opening import ServiceKey
from whatsapp_flow_keys.key_reference import KeyReference


@pytest.fixture
def made(kms: KmsPlace) -> list[KeyReference]:
    """Four keys, the oldest first."""
    return [kms.service().make() for _ in range(4)]


def retire(kms: KmsPlace, made: list[KeyReference], gone: set[int], kept: set[int]) -> list[str]:
    """What AWS calls each key's state then."""
    kms.service().retire([made[at].fingerprint for at in gone], [made[at].fingerprint for at in kept])
    return [kms.state(reference) for reference in made]


def test_what_leaves_is_disabled_and_its_deletion_is_scheduled_when_a_later_one_leaves(
    kms: KmsPlace, made: list[KeyReference]
) -> None:
    assert retire(kms, made, {0}, {1, 2, 3}) == ["Disabled", "Enabled", "Enabled", "Enabled"]
    assert retire(kms, made, {1}, {2, 3}) == ["PendingDeletion", "Disabled", "Enabled", "Enabled"]
    assert retire(kms, made, {2}, {3}) == ["PendingDeletion", "PendingDeletion", "Disabled", "Enabled"]


def test_the_window_is_the_longest_that_aws_takes(kms: KmsPlace, made: list[KeyReference]) -> None:
    retire(kms, made, {0}, {1, 2, 3})
    retire(kms, made, {1}, {2, 3})
    at = kms.kms.describe_key(KeyId=made[0].key)["KeyMetadata"]["DeletionDate"]
    assert timedelta(days=29) < at - datetime.now(UTC) <= timedelta(days=LONGEST_WINDOW) == timedelta(days=30)


def test_to_retire_the_same_key_once_more_deletes_nothing(kms: KmsPlace, made: list[KeyReference]) -> None:
    """As after an answer that was lost."""
    assert retire(kms, made, {0}, {1, 2, 3})[0] == retire(kms, made, {0}, {1, 2, 3})[0] == "Disabled"


def test_a_key_that_came_back_into_the_ring_is_not_deleted(kms: KmsPlace, made: list[KeyReference]) -> None:
    retire(kms, made, {0}, {1, 2, 3})
    assert retire(kms, made, {1}, {0, 2, 3})[0] == "Disabled"  # its service says why it can't be published


def test_one_that_somebody_enabled_again_is_left_alone(kms: KmsPlace, made: list[KeyReference]) -> None:
    retire(kms, made, {0}, {1, 2, 3})
    kms.put_back_into_use(made[0])
    assert retire(kms, made, {1}, {2, 3})[0] == "Enabled"


def test_one_that_somebody_else_disabled_is_not_deleted(kms: KmsPlace, made: list[KeyReference]) -> None:
    """Only what left the ring is."""
    kms.take_out_of_use(made[0])
    assert retire(kms, made, {1}, {2, 3}) == ["Disabled", "Disabled", "Enabled", "Enabled"]
    assert retire(kms, made, {2}, {3}) == ["Disabled", "PendingDeletion", "Disabled", "Enabled"]


def test_a_key_that_no_ring_ever_held_is_left_alone(kms: KmsPlace, made: list[KeyReference]) -> None:
    """As one that a run made before it was killed, or another run makes just now: it may yet be published."""
    assert retire(kms, made, {1}, {2}) == ["Enabled", "Disabled", "Enabled", "Enabled"]


def test_where_somebody_else_scheduled_the_deletion_the_others_are_retired(
    kms: KmsPlace, made: list[KeyReference]
) -> None:
    kms.kms.schedule_key_deletion(KeyId=made[0].key, PendingWindowInDays=7)
    assert retire(kms, made, {0, 1}, {2, 3}) == ["PendingDeletion", "Disabled", "Enabled", "Enabled"]
    at = kms.kms.describe_key(KeyId=made[0].key)["KeyMetadata"]["DeletionDate"]
    assert at - datetime.now(UTC) <= timedelta(days=7)


def test_an_alias_that_somebody_moved_lets_no_other_key_go(kms: KmsPlace, made: list[KeyReference]) -> None:
    """It goes by the public half."""
    kms.kms.update_alias(AliasName=kms.alias(made[0]), TargetKeyId=made[3].key)
    assert retire(kms, made, {0}, {2}) == ["Enabled"] * 4


def test_nor_does_a_mark_that_somebody_moved(kms: KmsPlace, made: list[KeyReference]) -> None:
    retire(kms, made, {0}, {1, 2, 3})
    kms.kms.update_alias(AliasName=kms.alias(made[0], "retired/"), TargetKeyId=made[3].key)
    kms.take_out_of_use(made[3])
    assert retire(kms, made, {1}, {2, 3}) == ["Disabled", "Disabled", "Enabled", "Disabled"]


def test_a_mark_alone_deletes_nobody(kms: KmsPlace, made: list[KeyReference]) -> None:
    """As that of a key whose own alias is gone, or one that was moved to a key of somebody else's."""
    retire(kms, made, {0}, {1, 2, 3})
    kms.kms.delete_alias(AliasName=kms.alias(made[0]))
    stranger = kms.kms.create_key(KeySpec="RSA_2048", KeyUsage="ENCRYPT_DECRYPT")["KeyMetadata"]["Arn"]
    kms.kms.disable_key(KeyId=stranger)
    kms.kms.create_alias(AliasName=kms.alias(made[3], "retired/"), TargetKeyId=stranger)
    assert retire(kms, made, {1}, {0, 2}) == ["Disabled", "Disabled", "Enabled", "Enabled"]
    assert kms.state_of(stranger) == "Disabled"


def test_where_the_deletion_is_forbidden_every_key_that_left_is_disabled_all_the_same(
    kms: KmsPlace, made: list[KeyReference]
) -> None:
    retire(kms, made, {0}, {1, 2, 3})
    policy = kms.policy("For the stack")
    for statement in policy["Statement"]:
        statement["Action"] = [action for action in statement["Action"] if action != "kms:ScheduleKeyDeletion"]
    kms.log_in(kms.server.environment_of(policy))
    with pytest.raises(Exception, match="kms:ScheduleKeyDeletion"):
        retire(kms, made, {1, 2}, {3})
    assert [kms.state(reference) for reference in made] == ["Disabled", "Disabled", "Disabled", "Enabled"]


def test_what_left_comes_back_by_the_pages_commands(kms: KmsPlace, made: list[KeyReference]) -> None:
    service = kms.service()
    retire(kms, made, {0}, {1, 2, 3})
    retire(kms, made, {1}, {2, 3})
    cancel, enable, _ = section_to_type("docs/custody/aws-kms.md", "What happens when")
    for command in (cancel, enable):
        typed(kms, command, made[0])
    assert service.trouble(made[0]) is None
    typed(kms, enable, made[1])
    assert sealed_for(made[1]).open([ServiceKey(made[1], service)]).payload == PAYLOAD


def test_a_key_that_nobody_needs_goes_by_the_pages_command(kms: KmsPlace, made: list[KeyReference]) -> None:
    typed(kms, section_to_type("docs/custody/aws-kms.md", "What happens when")[2], made[0])
    assert "out of use: its deletion is scheduled" in str(kms.service().trouble(made[0]))


def test_each_key_bears_the_tag_of_its_number(kms: KmsPlace) -> None:
    for reference in (kms.service().make(), kms.service().adopt(pair())):
        tags = kms.kms.list_resource_tags(KeyId=reference.key)["Tags"]
        assert tags == [{"TagKey": PHONE_NUMBER_ID, "TagValue": kms.number}]


def typed(kms: KmsPlace, command: str, reference: KeyReference) -> None:
    """The call that a command of AWS's program makes, made by boto3, which has the program's names."""
    _, _, operation, *words = command.replace('"$KEY_ARN"', reference.key).split()
    options = zip(words[::2], words[1::2], strict=True)
    given: dict[str, Any] = {
        "".join(part.capitalize() for part in name.split("-")): int(value) if value.isdigit() else value
        for name, value in options
    }
    getattr(kms.kms, operation.replace("-", "_"))(**given)

"""Settling a secret in AWS Secrets Manager: its KMS key, tags and marks become those of the settings."""

from typing import Any

import pytest

from tests.contract.stores.aws.rings import ring
from tests.contract.stores.aws.secret import MARKERS, OTHER_ACCOUNT, RECORD, tags
from tests.contract.stores.aws_place import AwsPlace
from tests.servers.secrets_manager import ACCOUNT, REGION


def test_settling_changes_the_key_and_the_tags_and_then_nothing(place: AwsPlace, asked: list[Any]) -> None:
    ours = place.store(tag_team="pay", tag_gone="soon")
    ours.write(ring(), ours.read())
    place.client.tag_resource(SecretId=place.secret, Tags=[{"Key": "cost", "Value": "theirs"}])
    changed = place.store(tag_team="billing", tag_new="yes", kms_key_id="alias/flows")
    changed.read()
    changed.settle()
    assert tags(place) == {
        "team": "billing",
        "new": "yes",
        "cost": "theirs",
        RECORD: tags(place)[RECORD],
        **MARKERS,
    }
    assert place.client.describe_secret(SecretId=place.secret)["KmsKeyId"] == "alias/flows"
    asked.clear()
    changed.settle()
    place.store(tag_team="billing", tag_new="yes", kms_key_id="alias/flows").settle()
    assert [name for name, _ in asked] == ["DescribeSecret", "DescribeSecret"]
    assert place.store().read().ring == ring()


def test_the_last_tag_takes_its_record_along_and_leaves_those_of_others(place: AwsPlace) -> None:
    ours = place.store(tag_team="pay")
    ours.write(ring(), ours.read())
    place.client.tag_resource(SecretId=place.secret, Tags=[{"Key": "cost", "Value": "theirs"}])
    place.store().settle()
    assert tags(place) == {"cost": "theirs", **MARKERS}


def test_as_many_tags_as_aws_takes_are_known_again(place: AwsPlace) -> None:
    many = {f"tag_{'k' * 120}{index}": "v" for index in range(47)}
    ours = place.store(**many)
    ours.write(ring(), ours.read())
    assert len(tags(place)) == 50
    assert len(tags(place)[RECORD]) <= 256
    place.store().settle()
    assert tags(place) == MARKERS


def test_the_marks_follow_a_renamed_stack(place: AwsPlace) -> None:
    ours = place.store()
    first = ours.write(ring(), ours.read())
    ours.write(ring(revision=2, managed_by="org/flows/renamed"), first)
    ours.settle()
    assert tags(place)["whatsapp-flow-keys:managed-by"] == "org/flows/renamed"


def test_the_marks_are_put_back_by_somebody_who_only_read(place: AwsPlace) -> None:
    ours = place.store()
    ours.write(ring(), ours.read())
    place.client.untag_resource(SecretId=place.secret, TagKeys=list(MARKERS))
    later = place.store()
    later.read()
    later.settle()
    assert tags(place) == MARKERS


def test_a_mark_is_no_longer_than_a_tag_may_be(place: AwsPlace) -> None:
    ours = place.store()
    ours.write(ring(managed_by=f"org/{'p' * 200}/{'s' * 100}"), ours.read())
    assert len(tags(place)["whatsapp-flow-keys:managed-by"]) == 256


def test_a_secret_that_existed_gets_the_marks_and_the_tags_of_its_new_owner(place: AwsPlace) -> None:
    place.make_empty()
    ours = place.store(tag_team="pay")
    ours.write(ring(), ours.read())
    ours.settle()
    assert tags(place) == {"team": "pay", RECORD: tags(place)[RECORD], **MARKERS}


@pytest.mark.parametrize(
    ("wanted", "there", "changes"),
    [
        ("alias/flows", f"arn:aws:kms:{REGION}:{ACCOUNT}:alias/flows", False),
        ("1234abcd", f"arn:aws:kms:{REGION}:{ACCOUNT}:key/1234abcd", False),
        (f"arn:aws:kms:{REGION}:{ACCOUNT}:key/1234abcd", "1234abcd", False),
        (f"arn:aws:kms:{REGION}:{OTHER_ACCOUNT}:alias/flows", f"arn:aws:kms:{REGION}:{ACCOUNT}:alias/flows", True),
        ("alias/other", "alias/flows", True),
        ("alias/flows", "", True),
        ("", "alias/flows", False),
    ],
)
def test_the_key_is_changed_only_where_it_is_another(
    place: AwsPlace, asked: list[Any], wanted: str, there: str, changes: bool
) -> None:
    given: Any = {"KmsKeyId": there} if there else {}
    place.client.create_secret(Name=place.secret, SecretString="{}", **given)
    place.store(**({"kms_key_id": wanted} if wanted else {})).settle()
    assert ("UpdateSecret" in [name for name, _ in asked]) == changes


def test_settling_nothing_or_what_is_deleted_changes_nothing(place: AwsPlace, asked: list[Any]) -> None:
    place.store(tag_team="pay").settle()
    place.make_empty()
    place.client.delete_secret(SecretId=place.secret)
    place.store(tag_team="pay").settle()
    assert {name for name, _ in asked} == {"DescribeSecret"}

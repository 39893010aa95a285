"""How AWS Secrets Manager's secrets begin: what a new one gets, and that a platform team's is filled and never made."""

import re
from typing import Any

import pytest

from tests.contract.stores.aws.rings import NUMBER, ring
from tests.contract.stores.aws.secret import ARN, MARKERS, RECORD, store, tags
from tests.contract.stores.aws_place import AwsPlace
from whatsapp_flow_keys.errors import StoreUnavailableError


def test_a_new_secret_has_the_key_the_tags_and_what_says_whose_it_is(place: AwsPlace) -> None:
    ours = place.store(kms_key_id="alias/flows", tag_team="pay")
    ours.write(ring(), ours.read())
    made = place.client.describe_secret(SecretId=place.secret)
    assert made["KmsKeyId"] == "alias/flows"
    assert NUMBER in made["Description"]
    assert tags(place) == {"team": "pay", RECORD: tags(place)[RECORD], **MARKERS}
    assert "PRIVATE" not in made["Description"]


def test_the_version_that_a_write_gives_is_the_services(place: AwsPlace) -> None:
    ours = place.store()
    written = ours.write(ring(), ours.read())
    assert written.version == place.current()


def test_an_empty_secret_of_a_platform_team_is_written_by_its_arn(place: AwsPlace, asked: list[Any]) -> None:
    place.make_empty()
    theirs = place.existing()
    found = theirs.read()
    assert (found.ring, found.deleted) == (None, False)
    theirs.write(ring(), found)
    theirs.settle()
    assert place.existing().read().ring == ring()
    assert {name for name, _ in asked} <= {"GetSecretValue", "DescribeSecret", "PutSecretValue"}
    assert tags(place) == {}


def test_an_existing_secret_that_is_missing_is_never_made(place: AwsPlace, asked: list[Any]) -> None:
    theirs = store(f"awssecretsmanager://{ARN}")
    found = theirs.read()
    assert (found.ring, found.version) == (None, "")
    with pytest.raises(StoreUnavailableError, match=f"^{re.escape(theirs.url)}: there is no such secret"):
        theirs.write(ring(), found)
    assert "CreateSecret" not in [name for name, _ in asked]

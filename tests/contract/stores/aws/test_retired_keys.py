"""What AWS Secrets Manager, as moto serves it, holds of a key that left the ring, and what destroys it."""

from typing import Any

import pytest

from tests.contract.stores.aws.rings import keys, ring
from tests.contract.stores.aws_place import AwsPlace
from tests.pages import command_to_type


@pytest.fixture
def versions(place: AwsPlace) -> list[str]:
    """The first holds a key that the second has no more; the third is the newest."""
    first, second, _ = keys()
    store = place.store()
    written = [store.write(ring(first, revision=1), store.read())]
    for revision in (2, 3):
        written.append(store.write(ring(second, revision=revision), written[-1]))
    return [found.version for found in written]


def typed(place: AwsPlace, command: str) -> Any:
    """The call that a command of AWS's program makes, made by boto3, which has the program's names: for the secret."""
    _, _, operation, *words = command.replace("whatsapp/flows/support-line", place.secret).split()
    given: dict[str, Any] = {}
    for word in words:
        if word.startswith("--"):
            option = "".join(part.capitalize() for part in word.split("-"))
            given[option] = True
        else:
            given[option] = word
    return getattr(place.client, operation.replace("-", "_"))(**given)


def held(place: AwsPlace, version: str) -> str:
    """What whoever may read the secret and knows the version's ID gets."""
    return str(place.client.get_secret_value(SecretId=place.secret, VersionId=version)["SecretString"])


def test_a_version_without_a_label_holds_a_key_that_left_the_ring(place: AwsPlace, versions: list[str]) -> None:
    assert place.labels().get(versions[0], []) == []
    assert keys()[0].fingerprint in held(place, versions[0])
    assert keys()[0].fingerprint not in held(place, versions[2])


def test_the_pages_command_lists_a_version_without_a_label(place: AwsPlace, versions: list[str]) -> None:
    found = typed(place, command_to_type("docs/stores/aws-secrets-manager.md", "aws secretsmanager list-"))
    assert versions[0] in [version["VersionId"] for version in found["Versions"]]


def test_it_goes_with_the_secret_without_a_recovery_window(place: AwsPlace, versions: list[str]) -> None:
    typed(place, command_to_type("docs/stores/aws-secrets-manager.md", "aws secretsmanager delete-"))
    with pytest.raises(place.client.exceptions.ResourceNotFoundException):
        held(place, versions[0])

"""When two documents in AWS Secrets Manager have the same place."""

from tests.contract.stores.aws.rings import ring
from tests.contract.stores.aws.secret import OLD, store
from tests.contract.stores.aws_place import AwsPlace
from tests.servers.secrets_manager import REGION
from whatsapp_flow_keys import document
from whatsapp_flow_keys.stores.urls import open_store


def test_one_secret_has_one_place_by_its_name_and_by_its_arn(place: AwsPlace) -> None:
    by_name = place.store()
    written = by_name.write(ring(), by_name.read())
    by_arn = place.existing()
    assert by_arn.url != by_name.url
    assert by_arn.read().place == place.store(tag_a="b").read().place == written.place != ""
    assert by_arn.write(ring(revision=2), by_arn.read()).place == place.store().read().place != written.place


def test_a_secret_has_the_place_that_it_had_when_it_is_deleted(place: AwsPlace) -> None:
    ours = place.store()
    written = ours.write(ring(), ours.read())
    ours.delete(written)
    assert place.store().read().place == written.place


def test_the_same_document_under_another_name_or_in_another_region_has_another_place(place: AwsPlace) -> None:
    urls = [place.url, f"{place.url}-other", place.url.replace(REGION, "eu-central-1")]
    found = [opened.write(ring(), opened.read()).place for opened in map(store, urls)]
    assert len(set(found)) == 3
    assert [open_store(url).read().place for url in urls] == found


def test_two_secrets_are_two_places_though_their_versions_have_one_identifier(place: AwsPlace) -> None:
    """As a secret and its replica in another region, or what another tool made of one request."""
    for name in (place.secret, f"{place.secret}-copy"):
        place.client.create_secret(Name=name, ClientRequestToken=OLD, SecretString=document.dump(ring()))
    one, other = (open_store(url).read() for url in (place.url, f"{place.url}-copy"))
    assert (one.ring, one.version) == (other.ring, other.version)
    assert one.place != other.place

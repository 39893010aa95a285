"""A secret in AWS Secrets Manager whose content is not a key ring."""

import pytest

from tests.contract.stores.aws.rings import ring
from tests.contract.stores.aws_place import AwsPlace
from whatsapp_flow_keys.errors import ForeignDocumentError, StoreConflictError


def test_bytes_are_no_ring(place: AwsPlace) -> None:
    place.client.create_secret(Name=place.secret, SecretBinary=b"hunter2")
    with pytest.raises(ForeignDocumentError, match=f"^{place.url}: holds 7 bytes as SecretBinary") as caught:
        place.store().read()
    assert "hunter2" not in str(caught.value)


def test_another_tools_text_is_neither_quoted_nor_written_over(place: AwsPlace) -> None:
    ours = place.store()
    nothing = ours.read()
    place.put("hunter2")
    with pytest.raises(ForeignDocumentError) as caught:
        place.store().read()
    assert "hunter2" not in str(caught.value)
    with pytest.raises(StoreConflictError):
        ours.write(ring(), nothing)
    assert place.content() == "hunter2"


def test_a_blank_text_is_no_document_yet_and_written_over_by_its_version(place: AwsPlace) -> None:
    place.put(" \n")
    ours = place.store()
    found = ours.read()
    assert (found.ring, found.version) == (None, place.current())
    ours.write(ring(), found)
    assert place.store().read().ring == ring()

"""What a component of the package says of what a program gives it."""

import pulumi
import pytest

from whatsapp_flow_encryption.native import construct
from whatsapp_flow_keys.native.components import Components

SECRET = "the words of a person"


def test_a_number_that_is_not_given_is_named() -> None:
    with pytest.raises(pulumi.RunError, match="FlowEncryption 'line': phoneNumberId: is missing"):
        construct("whatsapp:flows:FlowEncryption", "line", {}, None)


def test_only_what_a_component_says_itself_is_shown() -> None:
    """The text of any other failure may quote what it was given."""
    assert Components.said(pulumi.RunError("store: is empty")) == "store: is empty"
    assert [Components.said(kind(SECRET)) for kind in (TypeError, ValueError, KeyError)] == [None, None, None]

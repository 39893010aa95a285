"""What goes between Pulumi's SDK and the rules: unknown values, wherever they are, and marks of secrets."""

from typing import Any

import pytest
from pulumi.output import Unknown
from pulumi.runtime.rpc import is_rpc_secret, unwrap_rpc_secret

from whatsapp_flow_keys.dynamic.wire import is_known, received, sent
from whatsapp_flow_keys.resources.schema import UNKNOWN

ITS_UNKNOWN = Unknown()  # type: ignore[no-untyped-call]  # the SDK types no constructor


@pytest.mark.parametrize(
    ("its", "ours"),
    [
        (ITS_UNKNOWN, UNKNOWN),
        (["a", ITS_UNKNOWN], ["a", UNKNOWN]),
        ({"a": {"b": ITS_UNKNOWN}}, {"a": {"b": UNKNOWN}}),
        (("a", 1, None, True), ["a", 1, None, True]),
    ],
)
def test_an_unknown_value_of_the_sdk_is_ours(its: Any, ours: Any) -> None:
    assert received(its) == ours


def test_what_is_unknown_shows_as_that_in_a_preview_and_only_that_part() -> None:
    props = sent({"store": UNKNOWN, "backups": ["a", UNKNOWN], "more": {"b": UNKNOWN}}, ())
    assert isinstance(props["store"], Unknown)
    assert props["backups"][0] == "a"
    assert isinstance(props["backups"][1], Unknown)
    assert isinstance(props["more"]["b"], Unknown)


def test_secrets_are_marked_unless_there_is_nothing_to_hide() -> None:
    props = sent({"a": "words", "b": None, "c": UNKNOWN, "d": "plain"}, ("a", "b", "c"))
    assert is_rpc_secret(props["a"])
    assert unwrap_rpc_secret(props["a"]) == "words"
    assert (props["b"], props["d"]) == (None, "plain")
    assert isinstance(props["c"], Unknown)


def test_a_value_of_the_sdk_is_known_where_each_part_is() -> None:
    assert is_known({"a": ["b", None]})
    assert not is_known({"a": ["b", ITS_UNKNOWN]})

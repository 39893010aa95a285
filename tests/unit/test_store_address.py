"""A store's URL in parts: what is written is read back, and what is no URL is refused by a sentence."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from whatsapp_flow_keys.address import TAG, Address, parse_address, parse_days
from whatsapp_flow_keys.errors import InputError

SETTINGS = ("mount", "namespace", TAG)
EXAMPLE = "vault://host/path"

printable = st.text(st.characters(min_codepoint=32, max_codepoint=0x2FF, exclude_categories=["C"]), max_size=30)
path = printable.map(lambda text: text.strip("/"))


def parse(url: str) -> Address:
    return parse_address(url, "backups[0]", settings=SETTINGS, example=EXAMPLE)


@given(path=path, mount=printable, tag=printable, label=st.text("abz-_. /&=?#%", min_size=1, max_size=9))
def test_what_is_written_is_read_back(path: str, mount: str, tag: str, label: str) -> None:
    address = Address("vault", "host:8200", path, {"mount": mount, f"{TAG}{label}": tag})
    assert parse(str(address)) == address


def test_the_order_of_settings_does_not_matter() -> None:
    assert str(parse("vault://host/a?namespace=n&mount=m")) == str(parse("vault://host/a?mount=m&namespace=n"))


def test_tags_are_the_settings_with_their_prefix() -> None:
    assert parse("vault://host/a?tag.team=pay&mount=m&tag.cost%20centre=7").tags == {"team": "pay", "cost centre": "7"}


@pytest.mark.parametrize("url", ["vault:/host/a", "host/a", "vault://host/a b", "vault://ho\nst/a", "vault://host/a#b"])
def test_what_is_no_url_is_refused_with_an_example(url: str) -> None:
    with pytest.raises(InputError, match=r"^backups\[0\]: .* is not a store's URL; write it as in vault://host/path$"):
        parse(url)


@pytest.mark.parametrize("user", ["me", "me:hunter2", "x" * 100 + ":hunter2"])
def test_a_user_or_password_in_the_url_is_refused_and_not_quoted(user: str) -> None:
    with pytest.raises(InputError, match=r"^backups\[0\]: a store's URL holds no user or password") as caught:
        parse(f"vault://{user}@host/a")
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("query", ["mount", "mount=a&", "=a", "&"])
def test_a_query_of_another_shape_is_refused(query: str) -> None:
    with pytest.raises(InputError, match=r"^backups\[0\]: "):
        parse(f"vault://host/a?{query}")


def test_an_unknown_setting_is_refused_with_those_that_are_known() -> None:
    with pytest.raises(InputError, match=r"'mound' is no setting of this store; known are mount, namespace, tag\.NAME"):
        parse("vault://host/a?mound=b")


def test_a_tag_without_a_name_is_refused() -> None:
    with pytest.raises(InputError, match=r"'tag\.' is no setting"):
        parse("vault://host/a?tag.=b")


def test_a_setting_that_stands_there_twice_is_refused() -> None:
    with pytest.raises(InputError, match="'mount' is given twice"):
        parse("vault://host/a?mount=b&mount=c")


@pytest.mark.parametrize(("text", "days"), [("7", 7), ("30.0", 30), (None, 14)])
def test_days_are_whole_also_as_the_float_that_the_engine_makes(text: str | None, days: int) -> None:
    address = Address("x", "h", "p", {} if text is None else {"window": text})
    assert parse_days(address, "window", "store", default=14, least=7, most=30) == days


@pytest.mark.parametrize("text", ["6", "31", "7.5", "", "-7", "seven", "\u0667", "1e1", "7.0.0"])
def test_other_days_are_refused(text: str) -> None:
    with pytest.raises(InputError, match=r"^store: window must be a whole number of days from 7 to 30"):
        parse_days(Address("x", "h", "p", {"window": text}), "window", "store", default=14, least=7, most=30)

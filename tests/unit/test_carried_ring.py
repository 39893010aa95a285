"""WHATSAPP_FLOW_KEYS in whatever shape an env file, a secret store or a CI setting made of the key ring document."""

import json
from functools import cache
from pathlib import Path

import pytest

from tests.forms import key, ring
from tests.unit.test_carried_keys import AROUND, LINE_ENDS
from whatsapp_flow_keys import document
from whatsapp_flow_keys.errors import InputError
from whatsapp_flow_keys.key_source import KeySource
from whatsapp_flow_keys.ring import KeyRing

VARIABLE = "WHATSAPP_FLOW_KEYS"
OF_PEMS = {"a field of JSON", "what openssl pkcs12 writes before it", "a public key after it"}
CARRIED = [name for name in AROUND if name not in OF_PEMS]


@cache
def whole() -> str:
    return document.dump(ring(key("current"), key("previous")))


def held(value: str) -> KeyRing:
    """The ring that an endpoint finds."""
    return KeySource.from_env({VARIABLE: value}).read()


def refusal(value: str) -> str:
    with pytest.raises(InputError) as refused:
        held(value)
    assert "BEGIN" not in str(refused.value)
    return str(refused.value)


@pytest.mark.parametrize("around", CARRIED)
@pytest.mark.parametrize("line_ends", LINE_ENDS)
def test_whatever_carried_the_document_every_key_is_read(line_ends: str, around: str) -> None:
    assert held(AROUND[around](LINE_ENDS[line_ends](whole()))) == document.load(whole(), VARIABLE)


@pytest.mark.parametrize("line_ends", LINE_ENDS)
def test_so_it_is_where_the_line_ends_of_the_pems_were_changed(line_ends: str) -> None:
    """As by a tool that takes the document apart and puts it together again."""
    found = json.loads(whole())
    found["private_keys"] = LINE_ENDS[line_ends](found["private_keys"])
    assert held(json.dumps(found)) == document.load(whole(), VARIABLE)


def test_line_ends_that_were_written_out_and_are_real_ones_now_do_not_matter() -> None:
    """As an env file's reader makes them within double quotes."""
    assert held(whole().replace("\\n", "\n")) == document.load(whole(), VARIABLE)


@pytest.mark.parametrize("quote", ["{}", "'{}'", '"{}"'])
def test_the_urls_of_stores_may_have_quotes_around_them(quote: str, tmp_path: Path) -> None:
    file = tmp_path / "ring.json"
    file.write_text(whole())
    assert held(quote.format(file.as_uri())) == document.load(whole(), VARIABLE)


@pytest.mark.parametrize("value", ["{", "{\n", '"{', " { "])
def test_a_document_of_which_only_the_first_line_came_is_said_to_be_cut(value: str) -> None:
    text = refusal(value)
    assert text.startswith(f"{VARIABLE}: ends after its first line, {{. An env file holds one line for each variable")
    assert "in one line, as `jq -c .` prints it" in text


@pytest.mark.parametrize("length", [30, 300, 2500])
def test_a_document_whose_end_is_missing_is_said_to_be_cut(length: int) -> None:
    assert f"ends after {length} characters, before the end of the key ring document" in refusal(whole()[:length])


def test_a_pem_in_its_place_is_named() -> None:
    with pytest.raises(InputError, match=f"^{VARIABLE}: holds a PEM that is neither a key ring, which begins"):
        held(key().to_pem())

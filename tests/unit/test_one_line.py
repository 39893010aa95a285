"""WHATSAPP_FLOW_KEYS as one line: small, carried by everything, read as it was written, and refused when it was not."""

import base64
import hashlib
import json
import re
import shlex
import subprocess
from base64 import urlsafe_b64encode
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from functools import cache
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from hypothesis import given
from hypothesis import strategies as st

from tests.forms import APP_SECRET, key, ring, sent
from tests.passphrases import strong
from tests.stack.recorded_state import without_lines
from tests.unit.test_carried_keys import AROUND, LINE_ENDS, wrapped_base64
from whatsapp_flow_endpoint import FlowEndpoint, show
from whatsapp_flow_keys import document, one_line
from whatsapp_flow_keys.errors import FlowKeysError, ForeignDocumentError, InputError
from whatsapp_flow_keys.key_source import KeySource
from whatsapp_flow_keys.keys import PrivateKey
from whatsapp_flow_keys.pem_text import as_pem
from whatsapp_flow_keys.ring import KeyRing, RingKey, Role
from whatsapp_flow_keys.stores.file.store import FileStore

VARIABLE = "WHATSAPP_FLOW_KEYS"
LONG_AGO = datetime(2000, 1, 1)  # noqa: DTZ001  # Hypothesis adds the zone
PAIRS = ("current", "previous", "retained")
OF_PEMS = {"a field of JSON", "what openssl pkcs12 writes before it", "a public key after it"}
CARRIED = [name for name in AROUND if name not in OF_PEMS]


def written(held: KeyRing) -> str:
    line = one_line.dump(held)
    assert line is not None
    return line


@cache
def line() -> str:
    return written(ring(*map(key, PAIRS), revision=7))


def source(value: str) -> KeySource:
    return KeySource.from_env({VARIABLE: value})


def refusal(value: str) -> str:
    with pytest.raises(InputError) as refused:
        source(value)
    said = str(refused.value)
    assert said.startswith(f"{VARIABLE}: ")
    assert line()[60:90] not in said
    return said


def without_roles(held: KeyRing) -> KeyRing:
    return replace(held, keys=tuple(replace(each, role=Role.RETAINED) for each in held.keys))


# What it is for.


def environment(keys: int) -> dict[str, str]:
    """Everything that an endpoint with these many keys may be given, with an owner and a stack of usual length."""
    held = ring(*[key(str(which)) for which in range(keys)], revision=1000)
    held = replace(held, managed_by="a-company-of-ours/whatsapp-flows/production", owner="key-0123456789abcdef0123")
    return {VARIABLE: written(held), "WHATSAPP_FLOW_PASSPHRASE": "x" * 43, "WHATSAPP_APP_SECRET": "5" * 32}


@pytest.mark.parametrize("keys", [3, 7])
def test_the_keys_of_every_rotation_fit_into_the_4_kb_that_aws_lambda_has_for_all_variables(keys: int) -> None:
    """After each rotation but the first there are three; more where rotations follow each other within a day."""
    assert sum(len(name) + len(value) for name, value in environment(keys).items()) <= 4000


def test_a_key_takes_450_characters_where_the_document_takes_1925() -> None:
    """As docs/architecture.md has it."""
    few, many = (ring(*[key(str(which)) for which in range(count)]) for count in (3, 7))
    assert round((len(written(many)) - len(written(few))) / 4, -1) == 450
    assert (len(document.dump(many)) - len(document.dump(few))) / 4 == pytest.approx(1925, abs=5)


def test_its_parts_have_the_sizes_of_the_page() -> None:
    """As docs/architecture.md has it."""
    _, length, checksum, head, *keys = written(ring(key(), key("previous"))).split(".")
    assert (len(checksum), len(keys)) == (16, 2)
    assert int(length) == len(".".join([head, *keys]))
    assert {len(base64.urlsafe_b64decode(f"{each}==")) for each in keys} == {288}


def test_on_aws_lambda_there_is_room_for_two_numbers_whose_keys_are_in_the_stack() -> None:
    """As docs/many-numbers.md has it: two keys each at least, three as a rule once they rotate."""
    least, most = (len(written(ring(*[key(str(which)) for which in range(count)]))) for count in (2, 3))
    assert 1000 < least < most < 1500
    assert 2 * 1500 < 4096 < 3 * 1500


def test_it_is_a_line_without_anything_that_a_file_or_a_shell_would_change() -> None:
    assert re.fullmatch(r"[A-Za-z0-9._-]+", line())


def in_a_shell(value: str) -> str:
    return subprocess.run(
        ["sh", "-s"], input=f'NAME={value}\nprintf %s "$NAME"', capture_output=True, text=True, check=True
    ).stdout


def in_python_dotenv(value: str) -> str:
    """Of a value without quotes: up to a comment, without blanks around it, with variables put in."""
    plain = re.sub(r"\s+#.*", "", value).strip()
    return re.sub(r"\$\{\w*\}", "", plain)


READERS: dict[str, Callable[[str], str]] = {
    "docker --env-file": lambda value: f"{VARIABLE}={value}\nNEXT=1\n".splitlines()[0].partition("=")[2],
    "an env file's reader": in_python_dotenv,
    "a shell": in_a_shell,
    "shell words": lambda value: " ".join(shlex.split(value)),
    "JSON": lambda value: json.loads(json.dumps({VARIABLE: value}))[VARIABLE],
    "words in lines": lambda value: "\n".join(re.findall(".{1,76}", value)),
}


@pytest.mark.parametrize("reader", READERS)
def test_whatever_reads_it_from_a_file_every_key_is_read(reader: str) -> None:
    assert source(READERS[reader](line())).read() == one_line.load(line())


@pytest.mark.parametrize("around", CARRIED)
@pytest.mark.parametrize("line_ends", ["LF", "CRLF"])
def test_whatever_carried_it_every_key_is_read(line_ends: str, around: str) -> None:
    assert source(AROUND[around](LINE_ENDS[line_ends](line() + "\n"))).read() == one_line.load(line())


# What is written is read.


def rings() -> st.SearchStrategy[KeyRing]:
    moments = st.datetimes(LONG_AGO, timezones=st.sampled_from([UTC, timezone(timedelta(hours=2))]))
    dates = st.dates(date(2000, 1, 1)).map(date.isoformat)

    def entry(name: str, role: Role, issued_on: str, offered_at: datetime | None) -> RingKey:
        return RingKey(key(name).fingerprint, role, issued_on, offered_at, key(name).to_pem())

    entries = st.builds(entry, st.sampled_from(PAIRS), st.sampled_from(sorted(Role)), dates, st.none() | moments)
    keys = st.lists(entries, max_size=3, unique_by=lambda each: each.fingerprint).map(tuple)
    numbers = st.from_regex(r"[0-9]{5,32}", fullmatch=True)
    return st.builds(KeyRing, numbers, st.text(), st.text(), st.integers(0), keys)


@given(rings())
def test_what_is_written_is_read_but_for_the_roles(held: KeyRing) -> None:
    assert without_roles(one_line.load(written(held))) == without_roles(held)


def test_no_role_is_named_and_the_order_stays() -> None:
    """The stack's ring is written before its newest key is published, so a role in it could be false."""
    held = ring(*map(key, PAIRS), revision=7)
    for role in Role:
        assert written(replace(held, keys=tuple(replace(each, role=role) for each in held.keys))) == line()
    assert [each.fingerprint for each in one_line.load(line()).keys] == [key(name).fingerprint for name in PAIRS]


def test_an_endpoint_answers_forms_of_each_of_its_keys() -> None:
    endpoint = FlowEndpoint.from_env(
        lambda request: show("NEXT", request.data), {VARIABLE: line(), "WHATSAPP_APP_SECRET": APP_SECRET}
    )
    assert endpoint.fingerprints == tuple(key(name).fingerprint for name in PAIRS)
    for name in PAIRS:
        form = sent(to=key(name))
        assert form.decrypt(endpoint.answer(form.signed, form.body))["screen"] == "NEXT"


def test_a_key_of_another_exponent_is_the_same_key() -> None:
    """As one that was adopted may have."""
    adopted = PrivateKey(rsa.generate_private_key(3, 2048))
    (found,) = one_line.load(written(ring(adopted))).keys
    assert PrivateKey.from_pem(found.private_key_pem).fingerprint == found.fingerprint == adopted.fingerprint


def test_a_key_whose_primes_differ_in_length_is_the_same_key() -> None:
    long, short = key().key.private_numbers().p, rsa.generate_private_key(65537, 1024).private_numbers().p
    for uneven in (PrivateKey.from_primes(long, short, 65537), PrivateKey.from_primes(short, long, 65537)):
        (found,) = one_line.load(written(ring(uneven))).keys
        assert found.private_key_pem == uneven.to_pem()


@pytest.mark.parametrize("passphrase", [strong("correct horse"), None], ids=["encrypted", "in the clear"])
def test_a_document_becomes_one_line_also_where_a_key_in_it_is_encrypted(passphrase: str | None) -> None:
    """With the stack as the store none is written encrypted; a state of long ago must not stop its program."""
    held = ring(key(), passphrase=passphrase)
    found = document.in_one_line(document.dump(held), "the state")
    assert "\n" not in found
    assert found.startswith("{" if passphrase else "wfk1.")
    assert without_roles(source(found).read()) == without_roles(held)


def test_a_key_whose_numbers_do_not_fit_each_other_is_left_in_its_pem() -> None:
    """A toy: 14 is not three times five."""
    der = bytes.fromhex("3024 020100 3000 041d 301b 020100 02010e 020103 020103 020103 020105 020101 020101 020102")
    assert one_line.dump(of_one(as_pem("PRIVATE KEY", der))) is None
    assert one_line.dump(of_one(as_pem("PRIVATE KEY", der.replace(b"\x0e", b"\x0f")))) is not None


def of_one(pem: str) -> KeyRing:
    held = ring(key())
    return replace(held, keys=(replace(held.keys[0], private_key_pem=pem),))


# What is not as it was written.


def test_wherever_it_was_cut_that_is_said() -> None:
    whole = len(line())
    for length in range(1, whole):
        assert "characters: it was cut. Give all of it, as `endpoint_env` has it" in refusal(line()[:length])
    assert f"ends after {whole - 1} of its {whole} characters" in refusal(line()[:-1])
    assert f"ends after {whole - 1} of its {whole} characters" in refusal(AROUND["quotes"](line()[:-1]))


@given(st.data())
def test_a_character_that_was_changed_is_said(data: st.DataObject) -> None:
    at = data.draw(st.integers(line().index(".", 5) + 1, len(line()) - 1))
    other = data.draw(st.sampled_from("abcABC123-_.").filter(lambda each: each != line()[at]))
    assert "was changed: its checksum doesn't fit" in refusal(f"{line()[:at]}{other}{line()[at + 1 :]}")


@pytest.mark.parametrize("changed", [lambda text: text + "A", str.upper, str.lower, str.swapcase])
def test_so_is_what_was_added_or_written_in_other_letters(changed: Callable[[str], str]) -> None:
    refusal(changed(line()))


def test_a_line_of_a_later_version_says_what_to_upgrade() -> None:
    said = refusal(line().replace("wfk1", "wfk3"))
    assert (
        "holds a key ring of format wfk3; this version knows wfk1 and wfk2 only: upgrade whatsapp-flow-encryption"
        in said
    )


def sealed(*parts: bytes) -> str:
    """A line whose length and checksum fit."""
    rest = ".".join(urlsafe_b64encode(part).decode().rstrip("=") for part in parts)
    return f"wfk1.{len(rest)}.{hashlib.sha256(rest.encode()).hexdigest()[:16]}.{rest}"


HEAD: dict[str, object] = {"n": "106540352242922", "m": "a/b/c", "o": "x", "r": 1, "k": [["2026-11-24", None, 65537]]}
ODD: list[object] = [
    HEAD | {"k": [["2026-11-24", None, 7, "3"]], "s": ["x"]},
    HEAD,
    HEAD | {"r": float("inf"), "k": []},
    [],
    {},
    None,
]


@given(
    st.sampled_from([b"", b"[" * 100_000, *(json.dumps(head).encode() for head in ODD)]) | st.binary(),
    st.lists(st.binary(max_size=40)),
)
def test_whatever_else_is_in_a_line_only_one_kind_of_error_is_raised(head: bytes, bodies: list[bytes]) -> None:
    with suppress(one_line.UnusableLineError):
        one_line.load(sealed(head, *bodies))
    with suppress(FlowKeysError):
        source(sealed(head, *bodies)).read()


@given(st.text(alphabet="wfk12.a0\n", max_size=40))
def test_whatever_looks_like_it_is_refused_with_a_sentence(text: str) -> None:
    with pytest.raises(FlowKeysError):
        source(text).read()


def test_no_repr_shows_it() -> None:
    found = source(line())
    assert line()[60:90] not in f"{found!r} {found.read()!r}"


def test_a_state_that_is_recorded_for_the_tests_of_later_versions_holds_none() -> None:
    recorded = json.dumps({"plaintext": json.dumps({VARIABLE: line(), "NEXT": "1"})})
    left = json.loads(json.loads(without_lines(recorded))["plaintext"])
    assert left == {VARIABLE: "<<ring in one line>>", "NEXT": "1"}


# Saved somewhere, it is the last copy.


@pytest.mark.parametrize("saved", [str, lambda text: f"{text}\n"], ids=["as it is", "as printenv prints it"])
def test_a_file_of_it_is_a_key_ring_that_the_next_write_makes_a_document(
    saved: Callable[[str], str], tmp_path: Path
) -> None:
    file = tmp_path / "ring.json"
    file.write_text(saved(line()))
    store = FileStore(str(file))
    held = store.read()
    assert held.ring == one_line.load(line())
    store.write(ring(*map(key, PAIRS), revision=8), held)
    assert file.read_text() == document.dump(ring(*map(key, PAIRS), revision=8))


def test_a_file_of_a_part_of_it_is_refused_and_stays_as_it_is(tmp_path: Path) -> None:
    file = tmp_path / "ring.json"
    file.write_text(wrapped_base64(line()))
    with pytest.raises(ForeignDocumentError, match=r"holds [0-9]+ characters that are not JSON"):
        FileStore(str(file)).read()
    file.write_text(line()[:-1])
    with pytest.raises(ForeignDocumentError, match=r"ends after [0-9]+ of its .* characters: .* It was not touched"):
        FileStore(str(file)).read()
    assert file.read_text() == line()[:-1]

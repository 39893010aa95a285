"""What a person uploads into a form: read, fetched, checked and decrypted, or refused whole."""

import base64
import hashlib
import hmac
import logging
import os
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import urljoin

import pytest
import requests
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from hypothesis import given, settings
from hypothesis import strategies as st
from requests.adapters import HTTPAdapter

from tests.forms import FORM, TYPED_IN, endpoint_of, sent
from tests.servers.http_servers import waitress_server
from whatsapp_flow_endpoint.media import LARGEST, Media, MediaError, Reason
from whatsapp_flow_keys.errors import InputError

ADDRESS = "https://mmg.whatsapp.net/v/redacted?oh=01&mms3=true"
PHOTO = b"a photo, as far as these tests go"


def upload(file: bytes = PHOTO, *, padded: bytes | None = None, address: str = ADDRESS) -> tuple[dict[str, Any], bytes]:
    """A file as WhatsApp's client uploads it, with new keys: the entry in ``data``, and what the server holds."""
    key, hmac_key, iv = os.urandom(32), os.urandom(32), os.urandom(16)
    encryptor = Cipher(algorithms.AES256(key), modes.CBC(iv)).encryptor()
    missing = 16 - len(file) % 16
    ciphertext = encryptor.update(padded or file + bytes([missing]) * missing) + encryptor.finalize()
    encrypted = ciphertext + hmac.digest(hmac_key, iv + ciphertext, "sha256")[:10]
    metadata = {
        "encrypted_hash": hashlib.sha256(encrypted).digest(),
        "iv": iv,
        "encryption_key": key,
        "hmac_key": hmac_key,
        "plaintext_hash": hashlib.sha256(file).digest(),
    }
    entry = {
        "media_id": "790aba14-5f4a-4dbd-aa9e-0d75401da14b",
        "cdn_url": address,
        "file_name": TYPED_IN,
        "encryption_metadata": {name: base64.b64encode(value).decode() for name, value in metadata.items()},
    }
    return entry, encrypted


def refusal(media: Media, encrypted: bytes) -> Reason:
    with pytest.raises(MediaError) as refused:
        media.decrypt(encrypted)
    assert PHOTO.decode() not in str(refused.value)
    return refused.value.reason


def whole(encrypted: bytes, media: Media) -> Media:
    """With the hash of these bytes, as if they had been uploaded."""
    return replace(media, encrypted_hash=hashlib.sha256(encrypted).digest())


def test_an_upload_is_decrypted() -> None:
    entry, encrypted = upload()
    assert Media.read(entry).decrypt(encrypted) == PHOTO


@settings(max_examples=100)
@given(st.binary(max_size=200))
def test_any_file_is_decrypted_to_what_it_was(file: bytes) -> None:
    entry, encrypted = upload(file)
    assert Media.read(entry).decrypt(encrypted) == file


@settings(max_examples=200)
@given(st.binary(max_size=64), st.data())
def test_a_file_with_any_byte_changed_is_refused(file: bytes, data: st.DataObject) -> None:
    entry, encrypted = upload(file)
    at = data.draw(st.integers(0, len(encrypted) - 1))
    changed = bytearray(encrypted)
    changed[at] ^= data.draw(st.integers(1, 255))
    media = Media.read(entry)
    assert refusal(media, bytes(changed)) is Reason.ENCRYPTED_HASH
    assert refusal(whole(bytes(changed), media), bytes(changed)) is Reason.HMAC


@pytest.mark.parametrize(
    ("field", "reason"),
    [
        ("encrypted_hash", Reason.ENCRYPTED_HASH),
        ("hmac_key", Reason.HMAC),
        ("iv", Reason.HMAC),
        ("plaintext_hash", Reason.PLAINTEXT_HASH),
    ],
)
def test_a_file_with_another_key_or_hash_is_refused(field: str, reason: Reason) -> None:
    entry, encrypted = upload()
    media = Media.read(entry)
    other: Any = {field: bytes(byte ^ 1 for byte in getattr(media, field))}
    assert refusal(replace(media, **other), encrypted) is reason


@settings(max_examples=50)
@given(st.binary(min_size=32, max_size=32))
def test_a_file_that_another_key_decrypts_is_refused(key: bytes) -> None:
    entry, encrypted = upload()
    reason = refusal(replace(Media.read(entry), encryption_key=key), encrypted)
    assert reason in {Reason.PADDING, Reason.PLAINTEXT_HASH}


@pytest.mark.parametrize("end", [b"\0", b"\x11", b"\x01\x02\x03", b"\x01\x02"])
def test_a_file_without_pkcs_7_padding_is_refused(end: bytes) -> None:
    entry, encrypted = upload(padded=PHOTO[: 16 - len(end)] + end)
    assert refusal(Media.read(entry), encrypted) is Reason.PADDING


@pytest.mark.parametrize("length", [0, 1, 10, 16, 25, 27, 41])
def test_bytes_that_can_be_no_encrypted_file_are_refused(length: int) -> None:
    entry, _ = upload()
    encrypted = bytes(length)
    assert refusal(whole(encrypted, Media.read(entry)), encrypted) is Reason.SIZE


def test_an_empty_file_is_a_file() -> None:
    entry, encrypted = upload(b"")
    assert len(encrypted) == 26
    assert Media.read(entry).decrypt(encrypted) == b""


@pytest.mark.parametrize("field", ["media_id", "cdn_url", "file_name", "encryption_metadata"])
@pytest.mark.parametrize("value", [None, "", 7, [TYPED_IN]])
def test_an_entry_of_another_shape_is_refused_by_the_name_of_its_field(field: str, value: object) -> None:
    entry, _ = upload()
    with pytest.raises(MediaError, match=f"^{field}: is (missing|not a string|not an object)$") as refused:
        Media.read({**entry, field: value})
    assert refused.value.reason is Reason.SHAPE


@pytest.mark.parametrize("field", ["encrypted_hash", "plaintext_hash", "iv", "encryption_key", "hmac_key"])
@pytest.mark.parametrize(
    ("value", "said"),
    [
        (None, "is missing"),
        (7, "is not a string"),
        (TYPED_IN, r"is not base64 of (16|32) bytes"),
        ("é", r"is not base64 of (16|32) bytes"),
        (base64.b64encode(bytes(31)).decode(), r"is not base64 of (16|32) bytes"),
    ],
)
def test_a_key_or_hash_of_another_shape_is_refused_by_its_name(field: str, value: object, said: str) -> None:
    entry, _ = upload()
    with pytest.raises(MediaError, match=f"^encryption_metadata.{field}: {said}$") as refused:
        Media.read({**entry, "encryption_metadata": {**entry["encryption_metadata"], field: value}})
    assert refused.value.reason is Reason.SHAPE


@pytest.mark.parametrize("value", [None, 7, TYPED_IN, [upload()[0]]])
def test_an_array_or_a_scalar_is_no_entry(value: object) -> None:
    with pytest.raises(MediaError, match=r"^the uploaded file is not an object"):
        Media.read(value)


ENTRY, _ = upload()
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=60),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=4,
)


@settings(max_examples=200)
@given(json_values, st.dictionaries(st.sampled_from(list(ENTRY)), json_values, min_size=1))
def test_whatever_an_entry_holds_it_is_read_or_refused(value: object, changed: dict[str, Any]) -> None:
    for given_value in (value, {**ENTRY, **changed}):
        with suppress(MediaError):
            assert Media.read(given_value).media_id


def test_a_field_that_is_not_known_is_left_alone() -> None:
    entry, encrypted = upload()
    assert Media.read({**entry, "mime_type": "image/jpeg"}).decrypt(encrypted) == PHOTO


def test_repr_shows_neither_a_key_nor_what_a_person_named() -> None:
    entry, _ = upload()
    assert repr(Media.read(entry)) == f"Media(media_id={entry['media_id']!r})"


class Cdn:
    """WhatsApp's server: holds one file, or answers with another status; counts what it gave."""

    def __init__(self, held: Iterable[bytes], status: str = "200 OK", headers: Iterable[tuple[str, str]] = ()) -> None:
        self.held, self.status, self.headers = held, status, list(headers)
        self.asked: list[str] = []
        self.given = 0

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterator[bytes]:
        self.asked.append(environ["PATH_INFO"])
        start_response(self.status, self.headers)
        for chunk in self.held:
            self.given += len(chunk)
            yield chunk


class ToLoopback(HTTPAdapter):
    """Takes every request to a server of this test instead of the Internet."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self.url = url

    def send(self, request: requests.PreparedRequest, *args: Any, **options: Any) -> requests.Response:
        request.url = urljoin(self.url, request.path_url)
        return super().send(request, *args, **options)


class Never(HTTPAdapter):
    """Fails the test that asks anything."""

    def send(self, *args: Any, **options: Any) -> requests.Response:
        raise AssertionError("nothing should have been asked")


@contextmanager
def session_to(cdn: Cdn) -> Iterator[requests.Session]:
    with waitress_server(cdn) as url, requests.Session() as http:
        http.trust_env = False
        http.mount("https://", ToLoopback(url))
        yield http


def refused_download(cdn: Cdn, entry: dict[str, Any], **limits: Any) -> MediaError:
    with session_to(cdn) as http, pytest.raises(MediaError) as refused:
        Media.read(entry).download(http, **limits)
    return refused.value


def test_a_file_is_fetched_from_its_address_and_decrypted() -> None:
    entry, encrypted = upload()
    cdn = Cdn([encrypted[:7], encrypted[7:]])
    with session_to(cdn) as http:
        assert Media.read(entry).download(http) == PHOTO
    assert cdn.asked == ["/v/redacted"]


@pytest.mark.parametrize(
    "address",
    [
        "http://mmg.whatsapp.net/v/1",
        "https://169.254.169.254/latest/meta-data",
        "https://localhost/v/1",
        "http://127.0.0.1/v/1",
        "file:///etc/passwd",
        "https://whatsapp.net.example.com/v/1",
        "https://notwhatsapp.net/v/1",
        "https://mmg.whatsapp.net@example.com/v/1",
        "https://example.com\\@mmg.whatsapp.net/v/1",
        "https://example.com\\.whatsapp.net/v/1",
        "https://example.com/.whatsapp.net",
        "https://example.com#.whatsapp.net",
        "https://example.com?.whatsapp.net",
        "https://example.com\n.whatsapp.net/v/1",
        "https://mmg.whatsapp.net./v/1",
        "https://mmg.whatsapp.net:port/v/1",
        "https://\uff4dmg.whatsapp.net/v/1",
        "//mmg.whatsapp.net/v/1",
        TYPED_IN,
    ],
)
def test_an_address_that_is_not_whatsapps_is_never_asked(address: str) -> None:
    entry, _ = upload(address=address)
    http = requests.Session()
    http.adapters.clear()
    for scheme in ("https://", "http://", "file://", "//"):
        http.mount(scheme, Never())
    with pytest.raises(MediaError) as refused:
        Media.read(entry).download(http)
    assert refused.value.reason is Reason.ADDRESS
    assert str(refused.value) == "cdn_url: is not an https:// address at whatsapp.net. Nothing was fetched"


def test_a_provider_that_serves_the_files_itself_may_be_named() -> None:
    entry, encrypted = upload(address="https://media.provider.example/v/1")
    with session_to(Cdn([encrypted])) as http:
        assert Media.read(entry).download(http, domains=("provider.example",)) == PHOTO


def test_plain_http_is_refused_at_any_domain() -> None:
    entry, _ = upload(address="http://localhost/v/1")
    with pytest.raises(MediaError, match=r"^cdn_url: is not an https:// address at localhost"):
        Media.read(entry).download(requests.Session(), domains=("localhost",))


def test_domains_that_are_no_tuple_are_refused_since_each_letter_would_be_one() -> None:
    entry, _ = upload()
    wrong: Any = "whatsapp.net"
    with pytest.raises(InputError, match=r"^domains: is a string"):
        Media.read(entry).download(requests.Session(), domains=wrong)


def test_a_redirect_is_not_followed() -> None:
    entry, encrypted = upload()
    cdn = Cdn([encrypted], "302 Found", [("Location", "https://mmg.whatsapp.net/v/elsewhere")])
    refused = refused_download(cdn, entry)
    assert (refused.reason, cdn.asked) == (Reason.FETCH, ["/v/redacted"])
    assert "answered 302" in str(refused)


def test_a_file_that_is_gone_is_said_to_be() -> None:
    refused = refused_download(Cdn([], "404 Not Found"), upload()[0])
    assert refused.reason is Reason.FETCH
    assert str(refused) == "the server at cdn_url answered 404. WhatsApp keeps a file for up to 20 days"


def test_a_server_that_breaks_off_is_a_failed_fetch() -> None:
    entry, encrypted = upload()
    refused = refused_download(Cdn([encrypted[:20]], headers=[("Content-Length", str(len(encrypted)))]), entry)
    assert refused.reason is Reason.FETCH
    assert ADDRESS not in str(refused)


def test_a_name_that_no_resolver_takes_is_a_failed_fetch() -> None:
    entry, _ = upload(address=f"https://{'a' * 64}.whatsapp.net/v/1")
    with requests.Session() as http, pytest.raises(MediaError) as refused:
        Media.read(entry).download(http)
    assert refused.value.reason is Reason.FETCH


@pytest.mark.slow
def test_a_server_that_never_ends_is_read_no_further_than_the_limit() -> None:
    cdn = Cdn(bytes(2**20) for _ in range(200))
    assert refused_download(cdn, upload()[0]).reason is Reason.SIZE
    assert LARGEST < cdn.given < 2 * LARGEST


@pytest.mark.parametrize("size", [31, 32, 33])
def test_a_file_may_have_as_many_bytes_as_allowed_and_not_one_more(size: int) -> None:
    entry, encrypted = upload(bytes(size))
    with session_to(Cdn([encrypted])) as http:
        assert Media.read(entry).download(http, largest=size) == bytes(size)
        with pytest.raises(MediaError, match=f"^the file has more than {size - 1} bytes"):
            Media.read(entry).download(http, largest=size - 1)


@pytest.mark.slow
def test_a_file_of_the_largest_size_that_whatsapp_takes_is_decrypted() -> None:
    file = os.urandom(LARGEST)
    entry, encrypted = upload(file)
    with session_to(Cdn([encrypted])) as http:
        assert Media.read(entry).download(http) == file


def test_a_fetched_file_that_was_changed_is_refused() -> None:
    entry, encrypted = upload()
    assert refused_download(Cdn([encrypted[:-1] + b"?"]), entry).reason is Reason.ENCRYPTED_HASH


PAGE = (Path(__file__).parents[2] / "docs" / "endpoint.md").read_text()


def handler_of_the_page(**given_to_it: Any) -> dict[str, Any]:
    """The names that the page's snippet defines, given those that it leaves to its reader."""
    (snippet,) = re.findall(r"^```python\n((?:(?!^```).)*media import Media.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    names: dict[str, Any] = {"log": logging.getLogger("of-the-page"), **given_to_it}
    exec(snippet, names)
    return names


def test_the_handler_of_the_page_gets_the_photos(caplog: pytest.LogCaptureFixture) -> None:
    entry, encrypted = upload()
    kept: list[tuple[str, list[bytes]]] = []
    names = handler_of_the_page(keep=lambda token, photos: kept.append((token, photos)))
    form = sent({**FORM, "data": {"photos": [entry, entry]}})
    with session_to(Cdn([encrypted])) as http:
        names["requests"] = SimpleNamespace(Session=lambda: http)
        answer = endpoint_of(names["claim"]).answer(form.signed, form.body)
    assert form.decrypt(answer)["screen"] == "SUCCESS"
    assert kept == [("token-of-the-form", [PHOTO, PHOTO])]
    assert caplog.text == ""


def test_the_handler_of_the_page_shows_a_word_for_photos_that_are_refused(caplog: pytest.LogCaptureFixture) -> None:
    entry, encrypted = upload()
    form = sent({**FORM, "data": {"photos": [entry]}})
    names = handler_of_the_page()
    with session_to(Cdn([encrypted[1:]])) as http:
        names["requests"] = SimpleNamespace(Session=lambda: http)
        answer = endpoint_of(names["claim"]).answer(form.signed, form.body)
    assert form.decrypt(answer)["data"] == {"error_message": "Please send your photos once more."}
    assert "a photo was refused: encrypted_hash: is not that of the encrypted file" in caplog.text
    assert TYPED_IN not in caplog.text

"""What a person uploads into a form (PhotoPicker, DocumentPicker): fetched from WhatsApp's servers, checked, decrypted.

Such a file arrives in a request's ``data`` as an address and keys. The address comes from the person's phone, so only
WhatsApp's hosts are asked, no redirect is followed, and no more is read than a file may have. Nothing is fetched on
import or by :meth:`Media.read`.

Source: Meta, "Media upload components", handling media: AES-256-CBC with PKCS #7 padding, the first 10 bytes of
HMAC-SHA-256 over IV and ciphertext appended, SHA-256 of the file before and after decryption.
"""

import base64
import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any
from urllib.parse import urlsplit

import requests
import urllib3.exceptions
from cryptography.hazmat.primitives import padding
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from whatsapp_flow_keys.errors import FlowKeysError, InputError
from whatsapp_flow_keys.web_address import why_not_a_web_address

DOMAINS = ("whatsapp.net",)
"""Whose hosts are asked for a file. Meta's example names ``mmg.whatsapp.net``."""

LARGEST = 25 * 1024 * 1024
"""Bytes of a file before encryption: the most that ``max-file-size-kb`` of both components allows."""

_BLOCK, _TAG, _HASH, _KEY = 16, 10, 32, 32
_TIMEOUT = (5.0, 10.0)
"""Seconds to connect, and for each read."""
_CHUNK = 64 * 1024


class Reason(StrEnum):
    """Why a file was refused."""

    SHAPE = "shape"
    """Not the fields that Meta documents."""
    ADDRESS = "address"
    """Not on WhatsApp's hosts; nothing was fetched."""
    FETCH = "fetch"
    """No answer, a part of one, or another status than 200; fetching once more may help."""
    SIZE = "size"
    """Larger than allowed, or of a length that no encrypted file has."""
    ENCRYPTED_HASH = "encrypted_hash"
    """Not the bytes that were uploaded; fetching once more may help."""
    HMAC = "hmac"
    """Changed, or encrypted with other keys."""
    PADDING = "padding"
    """Encrypted without the padding that Meta documents."""
    PLAINTEXT_HASH = "plaintext_hash"
    """Decrypts to another file than the person chose."""


class MediaError(FlowKeysError):
    """An uploaded file was refused. The text quotes nothing that came from the person; no part of the file is given.

    Args:
        reason: for a program to go by.
        said: what happened, what was not done, what to do.
    """

    def __init__(self, reason: Reason, said: str) -> None:
        self.reason = reason
        super().__init__(said)


@dataclass(frozen=True)
class Media:
    """A file that a person uploaded into a form. All of it is the person's word, also its name: it may be a path."""

    media_id: str
    """WhatsApp's name of the file."""
    cdn_url: str = field(repr=False)
    """Where WhatsApp keeps it, encrypted, for up to 20 days."""
    file_name: str = field(repr=False)
    """Never a path to write to."""
    encrypted_hash: bytes = field(repr=False)
    """SHA-256 of what lies at ``cdn_url``."""
    plaintext_hash: bytes = field(repr=False)
    """SHA-256 of the file."""
    iv: bytes = field(repr=False)
    """16 bytes."""
    encryption_key: bytes = field(repr=False)
    """32 bytes, of AES-256-CBC."""
    hmac_key: bytes = field(repr=False)
    """32 bytes, of HMAC-SHA256."""

    @classmethod
    def read(cls, value: Any) -> "Media":
        """From one entry of the array that a PhotoPicker or DocumentPicker sends. Leaves fields it doesn't know alone.

        Raises :class:`MediaError`, which names the field and quotes nothing of it.
        """
        if not isinstance(value, Mapping):
            raise MediaError(Reason.SHAPE, "the uploaded file is not an object. Read each entry of the array")
        metadata = value.get("encryption_metadata")
        if not isinstance(metadata, Mapping):
            raise MediaError(Reason.SHAPE, f"encryption_metadata: {_missing(metadata) or 'is not an object'}")
        return cls(
            media_id=_text(value, "media_id"),
            cdn_url=_text(value, "cdn_url"),
            file_name=_text(value, "file_name"),
            encrypted_hash=_bytes(metadata, "encrypted_hash", _HASH),
            plaintext_hash=_bytes(metadata, "plaintext_hash", _HASH),
            iv=_bytes(metadata, "iv", _BLOCK),
            encryption_key=_bytes(metadata, "encryption_key", _KEY),
            hmac_key=_bytes(metadata, "hmac_key", _KEY),
        )

    def download(self, http: requests.Session, *, largest: int = LARGEST, domains: tuple[str, ...] = DOMAINS) -> bytes:
        """The file, fetched with your session, checked and decrypted. Each read waits 10 s at most.

        Args:
            http: what asks; its proxies, adapters and certificates count.
            largest: bytes of the file before encryption; reading stops soon after.
            domains: whose hosts may be asked, each with all below it.

        Raises :class:`MediaError`, and :class:`InputError` where ``domains`` is a string.
        """
        if isinstance(domains, str):  # each of its letters would be a domain
            raise InputError("domains: is a string; write it as a tuple, (domain,) with a comma for one")
        self._refuse_another_host(domains)
        file = self.decrypt(self._fetched(http, largest))
        if len(file) > largest:
            raise _too_large(largest)
        return file

    def decrypt(self, encrypted: bytes) -> bytes:
        """The file, from the bytes at ``cdn_url``. Raises :class:`MediaError` unless every check of Meta's passes."""
        if not _is_hash(self.encrypted_hash, encrypted):
            said = "encrypted_hash: is not that of the encrypted file, which was not decrypted. Fetch it once more"
            raise MediaError(Reason.ENCRYPTED_HASH, said)
        if len(encrypted) < _BLOCK + _TAG or (len(encrypted) - _TAG) % _BLOCK:
            said = f"the encrypted file has {len(encrypted)} bytes, not {_TAG} more than a multiple of {_BLOCK}"
            raise MediaError(Reason.SIZE, said)
        ciphertext, tag = encrypted[:-_TAG], encrypted[-_TAG:]
        if not hmac.compare_digest(hmac.digest(self.hmac_key, self.iv + ciphertext, "sha256")[:_TAG], tag):
            raise MediaError(Reason.HMAC, "the HMAC is not by hmac_key over this file, which was not decrypted")
        plaintext = self._unpadded(ciphertext)
        if not _is_hash(self.plaintext_hash, plaintext):
            said = "plaintext_hash: is not that of the decrypted file, which was discarded"
            raise MediaError(Reason.PLAINTEXT_HASH, said)
        return plaintext

    def _refuse_another_host(self, domains: tuple[str, ...]) -> None:
        wrong = why_not_a_web_address(self.cdn_url, "https://mmg.whatsapp.net/v/…", query=True)
        parts = None if wrong else urlsplit(self.cdn_url)
        if parts is None or parts.scheme != "https" or not _is_below(parts.hostname or "", domains):
            said = f"cdn_url: is not an https:// address at {' or '.join(domains)}. Nothing was fetched"
            raise MediaError(Reason.ADDRESS, said)

    def _fetched(self, http: requests.Session, largest: int) -> bytes:
        asked = {"Accept-Encoding": "identity"}
        try:
            with http.get(self.cdn_url, headers=asked, timeout=_TIMEOUT, allow_redirects=False, stream=True) as answer:
                return _content(answer, largest)
        except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
            said = f"the file could not be fetched: {type(error).__name__}. Fetch it once more"
            raise MediaError(Reason.FETCH, said) from None

    def _unpadded(self, ciphertext: bytes) -> bytes:
        decryptor = Cipher(algorithms.AES256(self.encryption_key), modes.CBC(self.iv)).decryptor()
        unpadder = padding.PKCS7(_BLOCK * 8).unpadder()
        try:
            return unpadder.update(decryptor.update(ciphertext) + decryptor.finalize()) + unpadder.finalize()
        except ValueError:
            raise MediaError(Reason.PADDING, "the decrypted file has no PKCS #7 padding, so it was discarded") from None


def _content(answer: requests.Response, largest: int) -> bytes:
    if answer.status_code != requests.codes.ok:
        said = f"the server at cdn_url answered {answer.status_code}. WhatsApp keeps a file for up to 20 days"
        raise MediaError(Reason.FETCH, said)
    content = bytearray()
    for chunk in answer.iter_content(_CHUNK):
        content += chunk
        if len(content) > _encrypted_size(largest):
            raise _too_large(largest)
    return bytes(content)


def _too_large(largest: int) -> MediaError:
    return MediaError(Reason.SIZE, f"the file has more than {largest} bytes. What was read of it was discarded")


def _encrypted_size(size: int) -> int:
    return (size // _BLOCK + 1) * _BLOCK + _TAG


def _is_hash(given: bytes, data: bytes) -> bool:
    return hmac.compare_digest(hashlib.sha256(data).digest(), given)


def _is_below(host: str, domains: tuple[str, ...]) -> bool:
    return any(host == domain or host.endswith(f".{domain}") for domain in domains)


def _text(value: Mapping[str, Any], name: str) -> str:
    text = value.get(name)
    if not isinstance(text, str) or not text:
        raise MediaError(Reason.SHAPE, f"{name}: {_missing(text) or 'is not a string'}")
    return text


def _bytes(metadata: Mapping[str, Any], name: str, length: int) -> bytes:
    try:
        decoded = base64.b64decode(_text(metadata, name), validate=True)
    except ValueError:
        decoded = b""
    except MediaError as error:
        raise MediaError(error.reason, f"encryption_metadata.{error}") from None
    if len(decoded) != length:
        raise MediaError(Reason.SHAPE, f"encryption_metadata.{name}: is not base64 of {length} bytes")
    return decoded


def _missing(value: object) -> str | None:
    return "is missing" if value is None or value == "" else None

"""Transit as a secrets engine: what its refusals mean, and which rights it takes.

What is marked as tried was seen at an OpenBao 2.7.2.
"""

import re
from typing import TYPE_CHECKING

from whatsapp_flow_keys.vault_server.address import Mounted
from whatsapp_flow_keys.vault_server.engine import Engine, Meaning
from whatsapp_flow_keys.vault_server.refusals import errors_in

if TYPE_CHECKING:
    from requests import Response

_ANOTHER_KEY = re.compile("failed to RSA decrypt the ciphertext")
"""Of a ciphertext of another version, and of garbage: with HTTP 500 (tried)."""
_OUT_OF_USE = re.compile("disallowed by policy .too old.|version is too new|encryption key not found|soft-deleted key")


def is_another_key(said: str) -> bool:
    """Whether these words of the server mean that the ciphertext is not one of this version."""
    return bool(_ANOTHER_KEY.search(said))


def is_out_of_use(said: str) -> bool:
    """Whether these words mean that forms can't be decrypted with this version, also in a while."""
    return bool(_OUT_OF_USE.search(said))


def _is_fault(answer: "Response") -> bool | None:
    return False if any(map(is_another_key, errors_in(answer) or ())) or _has_results(answer) else None


def _has_results(answer: "Response") -> bool:
    """A batch of which one item failed has a status of its own; the others were decrypted (tried)."""
    try:
        return bool(answer.json()["data"]["batch_results"])
    except (ValueError, KeyError, TypeError, RecursionError):
        return False


def _rights(path: Mounted) -> str:
    key, mount = path.path, path.mount
    return (
        f"A stack needs create, read and update on {mount}/keys/{key}, and update on {mount}/keys/{key}/rotate and "
        f"{mount}/keys/{key}/config; to import a key, also update on {mount}/keys/{key}/import and read on "
        f"{mount}/wrapping_key. An endpoint needs update on {mount}/decrypt/{key}, and nothing else"
    )


TRANSIT = Engine(
    rights=_rights,
    nothing_mounted="Is it a mount of transit? One is made by: bao secrets enable -path=MOUNT transit",
    another=(
        "is {mount}/ a mount of transit? It does not answer as one. Give another mount=, or make one: bao secrets "
        "enable -path=MOUNT transit"
    ),
    meanings=(
        Meaning(
            "this version is below the key's min_decryption_version, so it is out of use. While a form may need it, "
            "lower that: bao write {mount}/keys/NAME/config min_decryption_version=VERSION",
            "disallowed by policy .too old.",  # tried
        ),
        Meaning("the key has no such version", "version is too new"),  # tried
        Meaning("there is no such key", "encryption key not found"),  # tried
        Meaning(
            "the key is soft-deleted; bring it back (bao write -f {mount}/keys/NAME/soft-delete-restore)",
            "soft-deleted key",  # tried
        ),
    ),
    is_fault=_is_fault,
)

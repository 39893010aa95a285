"""What can be a vault, a secret's name and its tags, before anybody is asked."""

import re
from collections.abc import Mapping
from dataclasses import replace

from whatsapp_flow_keys.address import TAG, Address, parse_address, tag_settings, text
from whatsapp_flow_keys.errors import InputError
from whatsapp_flow_keys.loopback import is_loopback

OURS = "whatsapp-flow-keys-"
"""Begins the names of the store's own tags."""

# Key Vault's limits: https://learn.microsoft.com/azure/key-vault/secrets/about-secrets
MOST_TAGS = 15
_LONGEST_TAG_NAME, _LONGEST_TAG_VALUE = 512, 256

_SCHEME = "azurekeyvault"
_EXAMPLE = f"{_SCHEME}://my-vault.vault.azure.net/support-line?tag.team=payments"


def secret_address(url: str, field: str) -> Address:
    """The vault, the secret and the settings in ``url``; the host in the one spelling that all of its spellings have.

    Raises :class:`InputError`, which names ``field``.
    """
    address = parse_address(url, field, settings=("existing", TAG), example=_EXAMPLE)
    address = replace(address, host=_host(address.host, field))
    if not re.fullmatch(r"[0-9A-Za-z-]{1,127}", address.path):
        raise InputError(
            f"{field}: {address.path[:80]!r} can't be a secret's name in Key Vault: 1 to 127 letters, digits and "
            f"hyphens; write it as in {_EXAMPLE}"
        )
    if "existing" in address.settings and (address.settings["existing"] != "true" or address.tags):
        raise InputError(f"{field}: existing is true or left out, and a platform team's secret takes no tags from here")
    _check_tags(address.tags, field)
    return address


def write(name: object, vault_url: object, secret_id: object, tags: object) -> str:
    """``azurekeyvault://…`` of what a program gives: a name in a vault, or the identifier of an existing secret."""
    host, path = _host_and_path(vault_url if secret_id is None else secret_id)
    if secret_id is None:
        return str(Address(_SCHEME, "/".join(filter(None, (host, path))), text(name), tag_settings(tags)))
    return str(Address(_SCHEME, host, _secret_name(path), {"existing": "true", **tag_settings(tags)}))


def _host_and_path(url: object) -> tuple[str, str]:
    host, _, path = text(url).strip().removeprefix("https://").strip("/").partition("/")
    return host, path


def _secret_name(path: str) -> str:
    """The name in ``secrets/NAME`` or ``secrets/NAME/VERSION``; any other path is left to be refused."""
    kind, _, rest = path.partition("/")
    return rest.partition("/")[0] if kind == "secrets" else path


def _host(given: str, field: str) -> str:
    """In lower case, without the port that is meant anyway and the dot that ends a whole name."""
    if not given:
        raise InputError(f"{field}: vault_url= is needed, as in https://my-vault.vault.azure.net")
    host, colon, port = given.lower().partition(":")
    if not re.fullmatch(r"[a-z0-9.-]+", host) or (colon and not re.fullmatch(r"[0-9]{1,5}", port)):
        raise InputError(f"{field}: {given[:80]!r} is not a vault's host name; write it as in {_EXAMPLE}")
    host = host.removesuffix(".")
    if "." not in host and not is_loopback(host):
        raise InputError(
            f"{field}: {host[:80]!r} is not the whole host name of a vault; write {host[:80]}.vault.azure.net, or what "
            f"the vault's page calls its URI"
        )
    return host if port in ("", "443") else f"{host}:{port}"


def _check_tags(tags: Mapping[str, str], field: str) -> None:
    if len(tags) > MOST_TAGS - 2:
        raise InputError(f"{field}: {len(tags)} tags are too many; Key Vault takes {MOST_TAGS}, and 2 are needed here")
    for name, value in tags.items():
        if len(name) > _LONGEST_TAG_NAME or len(value) > _LONGEST_TAG_VALUE:
            raise InputError(
                f"{field}: the tag {name[:40]!r} is too long; Key Vault takes names of {_LONGEST_TAG_NAME} and values "
                f"of {_LONGEST_TAG_VALUE} characters"
            )
        if name.lower().startswith(OURS):
            raise InputError(f"{field}: the tag {name[:40]!r} is one that is set here; give it another name")

"""Where the KMS keys are: a region, perhaps an account, and what the alias of each key begins with.

What an alias may be: the API reference of AWS KMS, "CreateAlias".
"""

import re
from dataclasses import dataclass

from whatsapp_flow_keys.address import Address, given, parse_address, text
from whatsapp_flow_keys.aws.places import parse_account, parse_region
from whatsapp_flow_keys.errors import InputError

PREFIX = "whatsapp-flows-"
_SCHEME = "awskms"
_EXAMPLE = f"{_SCHEME}://eu-west-1/{PREFIX}"
_SETTINGS = ("account",)

_PREFIX = re.compile(r"(?!aws/)[A-Za-z0-9/_-]{0,127}[A-Za-z/_-]")
"""What begins an alias, after `alias/` and before the digits of a phone number ID, which none of its own may join."""


@dataclass(frozen=True)
class KmsAddress:
    """A region, what the aliases begin with, and the account that the keys must lie in, or "" where nobody has said."""

    region: str
    prefix: str
    account: str = ""

    @property
    def url(self) -> str:
        """The URL, canonical."""
        return str(Address(_SCHEME, self.region, self.prefix, {"account": self.account} if self.account else {}))


def parse(url: str, field: str) -> KmsAddress:
    """``awskms://REGION/PREFIX?account=ACCOUNT``. Raises :class:`InputError`, which names ``field``."""
    address = parse_address(url, field, settings=_SETTINGS, example=_EXAMPLE, what="key service")
    region = parse_region(address.host, field, _EXAMPLE)
    if not _PREFIX.fullmatch(address.path):
        raise InputError(
            f"{field}: {address.path[:80]!r} can't begin a KMS key's alias; use at most 128 letters, digits, / - and "
            f"_, with no digit at the end, and not aws/ at the beginning, as in {_EXAMPLE}"
        )
    return KmsAddress(region, address.path, parse_account(address.settings, field))


def write(key_prefix: object, region: object, account: object) -> str:
    """The URL of what a program gives."""
    return str(Address(_SCHEME, text(region), text(key_prefix), given({"account": account})))

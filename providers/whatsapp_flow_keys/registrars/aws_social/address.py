"""Which phone number of AWS End User Messaging Social a URL names. Nothing here talks to AWS.

The forms of an ID and of an ARN: the service model, and the Service Authorization Reference.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from urllib.parse import unquote

from whatsapp_flow_keys.address import Address, given, parse_address, text
from whatsapp_flow_keys.aws.places import ACCOUNT, PARTITION, REGION, parse_account, parse_region, region_of
from whatsapp_flow_keys.errors import InputError

_SCHEME = "awssocial"
_ID = "phone-number-id-"
_DIGITS = r"[0-9a-z]{32}"
_EXAMPLE = f"{_SCHEME}://{_ID}0123456789abcdef0123456789abcdef?region=eu-central-1"
_EXAMPLE_ARN = "arn:aws:social-messaging:eu-central-1:123456789012:phone-number-id/0123456789abcdef0123456789abcdef"
_SETTINGS = ("account", "region")

_ARN = re.compile(
    rf"arn:{PARTITION}:social-messaging:(?P<region>{REGION}):(?P<account>{ACCOUNT}):"
    rf"phone-number-id/(?P<digits>{_DIGITS})"
)
_PARTITIONS = {"cn-": "aws-cn", "us-gov-": "aws-us-gov"}
"""By how their regions begin; all others are of `aws`."""


@dataclass(frozen=True)
class AwsNumber:
    """A phone number at AWS. ``account`` is the one that it must lie in, or "" where nobody has said so."""

    id: str
    region: str
    account: str = ""

    @property
    def asked_for_as(self) -> str:
        """What every call names it by: its ID, or its ARN where the account is known."""
        if not self.account:
            return self.id
        partition = next((name for start, name in _PARTITIONS.items() if self.region.startswith(start)), "aws")
        place = f"arn:{partition}:social-messaging:{self.region}:{self.account}"
        return f"{place}:phone-number-id/{self.id.removeprefix(_ID)}"


def parse_number(url: str, field: str) -> AwsNumber:
    """``awssocial://phone-number-id-…?region=…``. Raises :class:`InputError`, which names ``field``."""
    if unquote(url.partition("://")[2]).startswith("arn:"):
        raise InputError(
            f"{field}: {url[:160]!r} is not a phone number's whole ARN and nothing else, as in {_EXAMPLE_ARN}; it "
            f"names the region and the account itself"
        )
    address = parse_address(url, field, settings=_SETTINGS, example=_EXAMPLE, what="registrar")
    if not re.fullmatch(f"{_ID}{_DIGITS}", address.host) or address.path:
        raise InputError(
            f"{field}: {url.partition('://')[2].partition('?')[0][:80]!r} is not an AWS phone number ID, as in "
            f"{_EXAMPLE}. It is in the console of AWS End User Messaging Social, and is neither the phone number nor "
            f"Meta's ID"
        )
    region = parse_region(address.settings.get("region", ""), field, _EXAMPLE)
    return AwsNumber(address.host, region, parse_account(address.settings, field))


def complete(url: str, environ: Mapping[str, str]) -> str:
    """``awssocial://phone-number-id-…`` with the region of the environment, or of its profile.

    That of an ARN becomes the URL of its ID, region and account. Unchanged where it is wrong.
    """
    arn = _ARN.fullmatch(unquote(url.partition("://")[2]))
    if arn:
        settings = {"region": arn["region"], "account": arn["account"]}
        return str(Address(_SCHEME, f"{_ID}{arn['digits']}", "", settings))
    try:
        address = parse_address(url, "", settings=_SETTINGS, example=_EXAMPLE, what="registrar")
    except InputError:
        return url
    if "region" in address.settings:
        return url
    region = region_of(environ)
    return str(replace(address, settings={**address.settings, "region": region})) if region else url


def write(phone_number_id: object = None, **settings: object) -> str:
    """``awssocial://…`` of what a program gives: an ID in a region, or an ARN."""
    named = text(phone_number_id)
    pairs = given(settings)
    if named.startswith("arn:"):
        return f"{_SCHEME}://{named}" + ("?" if pairs else "") + "&".join(f"{name}={pairs[name]}" for name in pairs)
    return str(Address(_SCHEME, named, "", pairs))

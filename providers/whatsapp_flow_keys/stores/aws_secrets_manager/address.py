"""Which secret of AWS Secrets Manager a URL names, and what is wanted around it. Nothing here talks to AWS.

Names, regions, tags and their limits: the service model of Secrets Manager and the AWS General Reference.
"""

import hashlib
import re
from base64 import b32encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import unquote

from whatsapp_flow_keys.address import TAG, Address, given, parse_address, parse_days, tag_settings, text
from whatsapp_flow_keys.aws.places import ACCOUNT, PARTITION, REGION, parse_account, parse_region
from whatsapp_flow_keys.errors import InputError
from whatsapp_flow_keys.ring import KeyRing

_OWN_TAGS = "whatsapp-flow-keys:"
MANAGED_BY = f"{_OWN_TAGS}managed-by"
"""The tag that says whose ring a secret holds: ``organization/project/stack``."""
_PHONE_NUMBER_ID = f"{_OWN_TAGS}phone-number-id"
_TAGS_SET = f"{_OWN_TAGS}tags"

_SCHEME = "awssecretsmanager"
_EXAMPLE = f"{_SCHEME}://eu-west-1/whatsapp/flows/line?tag.team=payments"
_SETTINGS = ("account", "kms_key_id", "recovery_window_days", TAG)

_NAME = r"[A-Za-z0-9/_+=.@!-]{1,512}"
_ARN = re.compile(rf"arn:{PARTITION}:secretsmanager:({REGION}):({ACCOUNT}):secret:{_NAME}-[A-Za-z0-9]{{6}}")

_MOST_TAGS = 47  # of AWS's 50: three are the store's own


@dataclass(frozen=True)
class AwsSecret:
    """A secret and what the program wants around it. ``id`` is the SecretId of every call: a name or a whole ARN.

    ``account`` is the one that the secret must lie in, or "" while nobody has said so. Without ``is_ours`` the secret
    is a platform team's, which is never made, deleted, restored or tagged here.
    """

    region: str
    id: str
    is_ours: bool
    account: str = ""
    kms_key_id: str = ""
    recovery_window_days: int = 30
    tags: Mapping[str, str] = field(default_factory=dict)
    settings: Mapping[str, str] = field(default_factory=dict)

    @property
    def url(self) -> str:
        """The URL without its settings."""
        host, path = (self.region, self.id) if self.is_ours else self.id.partition("/")[::2]
        return str(Address(_SCHEME, host, path))

    def location(self, account: str) -> str:
        """The URL with its settings and the ``account`` that the service named; as it is where that is ""."""
        if not self.is_ours:
            return self.url
        named = {"account": account} if account else {}
        return str(Address(_SCHEME, self.region, self.id, {**self.settings, **named}))


def parse_secret(url: str, field: str) -> AwsSecret:
    """``awssecretsmanager://REGION/NAME?…`` or ``awssecretsmanager://ARN``.

    Raises :class:`InputError`, which names ``field``.
    """
    arn = unquote(url.partition("://")[2])
    if arn.startswith("arn:"):
        return _existing(arn, field)
    address = parse_address(url, field, settings=_SETTINGS, example=_EXAMPLE)
    region = parse_region(address.host, field, _EXAMPLE)
    if not re.fullmatch(_NAME, address.path):
        raise InputError(
            f"{field}: {address.path[:80]!r} is not a secret's name: 1 to 512 letters, digits and /_+=.@!- of ASCII; "
            f"an ARN goes into secret_id="
        )
    settings = address.settings
    account = parse_account(settings, field)
    if not 1 <= len(settings.get("kms_key_id", "default")) <= 2048:
        raise InputError(f"{field}: kms_key_id must be a key's ID, ARN or alias (alias/NAME), or be left out")
    return AwsSecret(
        region=region,
        id=address.path,
        is_ours=True,
        account=account,
        kms_key_id=settings.get("kms_key_id", ""),
        recovery_window_days=parse_days(address, "recovery_window_days", field, default=30, least=7, most=30),
        tags=_parse_tags(address.tags, field),
        settings=settings,
    )


def write(name: object, secret_id: object, region: object, tags: object, **settings: object) -> str:
    """``awssecretsmanager://…`` of what a program gives: a name in a region, or the ARN of an existing secret."""
    host, path = text(secret_id).partition("/")[::2] if name is None else (text(region), text(name))
    return str(Address(_SCHEME, host, path, {**given(settings), **tag_settings(tags)}))


def markers(ring: KeyRing) -> dict[str, str]:
    """The tags that say that a secret is a ring's, and whose."""
    return {MANAGED_BY: ring.managed_by[:256], _PHONE_NUMBER_ID: ring.phone_number_id}


def tag_changes(
    there: Mapping[str, str], given: Mapping[str, str], own: Mapping[str, str]
) -> tuple[list[str], dict[str, str]]:
    """The names of the tags to remove and the tags to set, so that the secret has ``given`` and ``own``.

    Of the tags that are ``there``, only those leave that were given before: a record in a tag says which.
    """
    record = {_TAGS_SET: "".join(sorted(map(_short, given)))} if given else {}
    wanted = {**given, **record, **own}
    was = there.get(_TAGS_SET, "")
    given_before = {was[at : at + _SHORT] for at in range(0, len(was), _SHORT)}
    gone = [name for name in there if name not in wanted and (name == _TAGS_SET or _short(name) in given_before)]
    return gone, {name: value for name, value in wanted.items() if there.get(name) != value}


def is_same_key(wanted: str, there: str) -> bool:
    """Whether a KMS key is the wanted one, or none is wanted; an ID or alias also names the key whose ARN ends in it.

    Secrets Manager answers with what it was given, or with the ARN.
    """
    if not wanted or wanted == there:
        return True
    both_arns = wanted.startswith("arn:") and there.startswith("arn:")
    return not both_arns and _last_part(wanted) == _last_part(there)


def _last_part(key: str) -> str:
    return key.rpartition(":")[2].removeprefix("key/")


_SHORT = 5


def _short(tag: str) -> str:
    """A tag's name in the record: all 47 of them must fit into the 256 characters of one value."""
    return b32encode(hashlib.sha256(tag.encode()).digest())[:_SHORT].decode()


def _existing(arn: str, field: str) -> AwsSecret:
    if "?" in arn:
        raise InputError(f"{field}: a secret given by its ARN takes no settings; they are its owner's")
    match = _ARN.fullmatch(arn)
    if match is None:
        raise InputError(
            f"{field}: {arn[:120]!r} is not a secret's whole ARN, as in "
            f"arn:aws:secretsmanager:eu-west-1:123456789012:secret:NAME-AbCdEf"
        )
    return AwsSecret(region=match[1], id=arn, is_ours=False, account=match[2])


def _parse_tags(tags: Mapping[str, str], field: str) -> Mapping[str, str]:
    if len(tags) > _MOST_TAGS:
        raise InputError(f"{field}: {len(tags)} tags are more than the {_MOST_TAGS} that a secret can take here")
    for name, value in tags.items():
        if name.lower().startswith(("aws:", _OWN_TAGS)):
            raise InputError(f"{field}: the tag {name[:40]!r} begins with a word that is not the program's to use")
        if len(name) > 128 or len(value) > 256:
            raise InputError(
                f"{field}: the tag {name[:40]!r} is too long: a name has at most 128 characters, a value 256"
            )
    return tags

"""Regions and accounts of AWS, as the AWS General Reference writes them. Nothing here talks to AWS."""

import re
from collections.abc import Mapping
from importlib.util import find_spec

from whatsapp_flow_keys.errors import InputError

PARTITION = r"aws(?:-cn|-us-gov)?"
REGION = r"[a-z]{2}(?:-[a-z]+)+-[0-9]"
ACCOUNT = r"[0-9]{12}"


def parse_region(region: str, field: str, example: str) -> str:
    """The region. Raises :class:`InputError`, which names ``field`` and shows ``example``, where it is none."""
    if not region:
        raise InputError(f"{field}: the AWS region is missing; give region=, or set AWS_REGION")
    if not re.fullmatch(REGION, region):
        raise InputError(f"{field}: {region[:40]!r} is not an AWS region, as in {example}")
    return region


def parse_account(settings: Mapping[str, str], field: str) -> str:
    """The account in the settings of a URL, or "". Raises :class:`InputError`, which names ``field``."""
    if not re.fullmatch(ACCOUNT, settings.get("account", "0" * 12)):
        raise InputError(f"{field}: account must be the 12 digits of an AWS account, not {settings['account'][:20]!r}")
    return settings.get("account", "")


def region_of(environ: Mapping[str, str]) -> str | None:
    """The region of the environment, or of its profile; None where neither names one."""
    return environ.get("AWS_REGION") or environ.get("AWS_DEFAULT_REGION") or _region_of_profile(environ)


def with_region(url: str, environ: Mapping[str, str]) -> str:
    """``scheme:///REST`` with the region of the environment, or of its profile, as its host; unchanged without one."""
    scheme, separator, rest = url.partition(":///")
    region = region_of(environ) if separator else None
    return f"{scheme}://{region}/{rest}" if region else url


def _region_of_profile(environ: Mapping[str, str]) -> str | None:
    if find_spec("botocore") is None:
        return None
    from botocore.exceptions import BotoCoreError
    from botocore.session import Session

    try:
        region = Session(profile=environ.get("AWS_PROFILE")).get_scoped_config().get("region")
    except BotoCoreError:  # the profile or the file is wrong, which the first call says better
        return None
    return str(region) if region else None

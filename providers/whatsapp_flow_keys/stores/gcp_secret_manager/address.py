"""Which secret of which project a URL names, and how one is made. Nothing here talks to Google.

Names and limits: https://cloud.google.com/secret-manager/docs/reference/rest/v1/projects.secrets
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from whatsapp_flow_keys.address import TAG, Address, given, parse_address, tag_settings, text
from whatsapp_flow_keys.errors import InputError

OURS = "whatsapp-flow-keys-"
"""Begins the names of the store's own labels."""

_SCHEME = "gcpsecretmanager"
_EXAMPLE = f"{_SCHEME}://my-project/support-line?tag.team=payments"
_SETTINGS = ("existing", "kms_keys", "locations", TAG)
_PROJECTS = ("GOOGLE_PROJECT", "GOOGLE_CLOUD_PROJECT", "GCLOUD_PROJECT", "CLOUDSDK_CORE_PROJECT")
"""Variables that name the project, as Pulumi's own provider for Google Cloud reads them, in its order."""

_MOST_LABELS = 64
_KEPT_FOR_OURS = 1
_LABEL_NAME, _LABEL_VALUE = re.compile(r"[a-z][a-z0-9_-]{0,62}"), re.compile(r"[a-z0-9_-]{0,63}")
_KMS_KEY = re.compile(r"projects/[^/]+/locations/([a-z0-9-]+)/keyRings/[\w-]+/cryptoKeys/[\w-]+")


@dataclass(frozen=True)
class GcpSecret:
    """A secret, and how it is made.

    Without ``is_ours`` it is a platform team's, which is never made, labelled or deleted here. Without ``locations``
    Google chooses where its replicas are; ``kms_keys`` are one for each location, in their order, or one for all.
    """

    project: str
    name: str
    is_ours: bool
    locations: tuple[str, ...]
    kms_keys: tuple[str, ...]
    labels: Mapping[str, str] = field(default_factory=dict)

    @property
    def url(self) -> str:
        """The URL without its settings."""
        return str(Address(_SCHEME, self.project, self.name))

    @property
    def location(self) -> str:
        """The URL with its settings."""
        settings = {f"{TAG}{name}": value for name, value in self.labels.items()}
        listed = {"locations": ",".join(self.locations), "kms_keys": ",".join(self.kms_keys)}
        settings |= {name: value for name, value in listed.items() if value}
        return str(Address(_SCHEME, self.project, self.name, settings if self.is_ours else {"existing": "true"}))

    @property
    def id(self) -> str:
        """``projects/PROJECT/secrets/NAME``."""
        return f"projects/{self.project}/secrets/{self.name}"


def parse_secret(url: str, field: str) -> GcpSecret:
    """``gcpsecretmanager://PROJECT/NAME?…``, with ``?existing=true`` for a platform team's.

    Raises :class:`InputError`, which names ``field``.
    """
    address = parse_address(url, field, settings=_SETTINGS, example=_EXAMPLE)
    if not address.host:
        raise InputError(f"{field}: project= is needed, or GOOGLE_CLOUD_PROJECT; or write it into the URL: {_EXAMPLE}")
    if not re.fullmatch(r"[a-z][a-z0-9-]{4,28}[a-z0-9]|[0-9]{6,20}", address.host):
        raise InputError(
            f"{field}: {address.host[:80]!r} can't be a project's ID: 6 to 30 lowercase letters, digits and hyphens; "
            f"write it as in {_EXAMPLE}"
        )
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,255}", address.path):
        raise InputError(
            f"{field}: {address.path[:80]!r} can't be a secret's name in Secret Manager: 1 to 255 letters, digits, "
            f"hyphens and underscores; write it as in {_EXAMPLE}"
        )
    settings = address.settings
    if "existing" in settings and (settings["existing"] != "true" or len(settings) > 1):
        raise InputError(f"{field}: existing is true or left out, and a platform team's secret takes no settings")
    _check_labels(address.tags, field)
    locations, kms_keys = (_listed(settings.get(name, "")) for name in ("locations", "kms_keys"))
    _check_replication(locations, kms_keys, field)
    return GcpSecret(address.host, address.path, "existing" not in settings, locations, kms_keys, address.tags)


def complete(url: str, environ: Mapping[str, str]) -> str:
    """``gcpsecretmanager:///NAME`` with the environment's project; unchanged where there is none."""
    try:
        address = parse_address(url, "store", settings=_SETTINGS, example=_EXAMPLE)
    except InputError:
        return url
    project = address.host or next(filter(None, (environ.get(name) for name in _PROJECTS)), "")
    return str(replace(address, host=project)) if project else url


def write(name: object, secret_id: object, project: object, locations: object, kms_keys: object, labels: object) -> str:
    """``gcpsecretmanager://…`` of what a program gives: a name in a project, or ``projects/PROJECT/secrets/NAME``."""
    settings = {**given({"locations": _joined(locations), "kms_keys": _joined(kms_keys)}), **tag_settings(labels)}
    if secret_id is None:
        return str(Address(_SCHEME, text(project), text(name), settings))
    found = re.fullmatch(r"projects/([^/]+)/secrets/([^/]+)", text(secret_id))
    owner, path = found.groups() if found else (text(project), text(secret_id))
    return str(Address(_SCHEME, owner, path, {"existing": "true", **settings}))


def _joined(given: object) -> str | None:
    if isinstance(given, Sequence) and not isinstance(given, str):
        return ",".join(map(text, given))
    return None if given is None else text(given)


def _listed(setting: str) -> tuple[str, ...]:
    return tuple(filter(None, setting.split(",")))


def _check_replication(locations: Sequence[str], kms_keys: Sequence[str], field: str) -> None:
    for location in locations:
        if not re.fullmatch(r"[a-z]+-[a-z]+[0-9]+", location):
            raise InputError(f"{field}: {location[:40]!r} is no location of Google Cloud, such as europe-west3")
    if len(set(locations)) < len(locations):
        raise InputError(f"{field}: a location is given twice")
    if kms_keys and len(kms_keys) != max(1, len(locations)):
        raise InputError(
            f"{field}: give one of kms_keys for each location, in their order, or one where there are no locations"
        )
    for key, location in zip(kms_keys, locations or ("global",), strict=False):
        found = _KMS_KEY.fullmatch(key)
        if not found or found[1] != location:
            raise InputError(
                f"{field}: {key[:120]!r} is no key of Cloud KMS in {location}; write it as in "
                f"projects/my-project/locations/{location}/keyRings/flows/cryptoKeys/flows"
            )


def _check_labels(labels: Mapping[str, str], field: str) -> None:
    if len(labels) > _MOST_LABELS - _KEPT_FOR_OURS:
        raise InputError(
            f"{field}: {len(labels)} labels are too many; Google takes {_MOST_LABELS}, and one is needed here"
        )
    for name, value in labels.items():
        if not _LABEL_NAME.fullmatch(name) or not _LABEL_VALUE.fullmatch(value):
            raise InputError(
                f"{field}: the label {name[:40]!r} can't be one: names and values are of lowercase letters, digits, "
                f"hyphens and underscores, 63 at most, and a name begins with a letter"
            )
        if name.startswith(OURS):
            raise InputError(f"{field}: the label {name[:40]!r} is one that is set here; give it another name")

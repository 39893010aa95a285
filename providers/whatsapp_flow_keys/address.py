"""The URL of a store or a registrar in parts: ``scheme://host/path?setting=value``. It never holds a secret."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, quote, unquote

from whatsapp_flow_keys.errors import InputError

TAG = "tag."
"""Begins the settings that are tags: ``?tag.team=payments``."""


@dataclass(frozen=True)
class Address:
    """``host`` and ``path`` may be empty; ``path`` has no leading slash; ``settings`` are the query's."""

    scheme: str
    host: str
    path: str
    settings: Mapping[str, str] = field(default_factory=dict)

    @property
    def tags(self) -> dict[str, str]:
        """The settings that are tags, by their names."""
        return {name.removeprefix(TAG): value for name, value in self.settings.items() if name.startswith(TAG)}

    def __str__(self) -> str:
        """The URL; settings in the order of their names, so that equal addresses have equal texts."""
        pairs = "&".join(f"{quote(name)}={quote(self.settings[name], safe='/:')}" for name in sorted(self.settings))
        path = f"/{quote(self.path)}" if self.path else ""
        return f"{self.scheme}://{self.host}{path}" + (f"?{pairs}" if pairs else "")


def parse_address(url: str, field: str, *, settings: Collection[str], example: str, what: str = "store") -> Address:
    """The parts of ``url``. ``settings`` are the names that its query may have, besides tags where it has :data:`TAG`.

    ``what`` it is the URL of, as in ``store``. Raises :class:`InputError`, which names ``field`` and shows ``example``.
    """
    scheme, separator, rest = url.partition("://")
    body, _, query = rest.partition("?")
    host, _, path = body.partition("/")
    if "@" in host:  # never quoted: what stands before it may be a password
        raise InputError(f"{field}: a {what}'s URL holds no user or password; the {what}'s own credentials are used")
    if not separator or not url.isprintable() or " " in url or "#" in url:
        raise InputError(f"{field}: {url[:80]!r} is not a {what}'s URL; write it as in {example}")
    try:
        pairs = parse_qsl(query, keep_blank_values=True, strict_parsing=bool(query))
    except ValueError:
        raise InputError(f"{field}: what follows the ? in {url[:80]!r} is not name=value&…") from None
    for name, _ in pairs:
        is_tag = TAG in settings and name.startswith(TAG)
        if name == TAG or not (name in settings or is_tag):
            raise InputError(f"{field}: {name[:40]!r} is no setting of this {what}; known are {_names(settings)}")
        if [given for given, _ in pairs].count(name) > 1:
            raise InputError(f"{field}: the setting {name[:40]!r} is given twice")
    return Address(scheme.lower(), host, unquote(path), dict(pairs))


def text(value: object) -> str:
    """What a program gives, as a part of a URL; nothing for None, since "None" would be a name."""
    return "" if value is None else str(value)


def given(settings: Mapping[str, object]) -> dict[str, str]:
    """The settings that have a value."""
    return {name: str(value) for name, value in settings.items() if value is not None}


def tag_settings(tags: object) -> dict[str, str]:
    """A program's tags as settings; what is not a mapping becomes a setting that no store takes."""
    named = tags if isinstance(tags, Mapping) else {} if tags is None else {"": tags}
    return {f"{TAG}{text(name)}": str(value) for name, value in named.items() if value is not None}


def parse_days(address: Address, name: str, field: str, *, default: int, least: int, most: int) -> int:
    """A setting that is a number of days. Raises :class:`InputError`, which names it."""
    text = address.settings.get(name, str(default))
    # The engine makes a whole number 30.0 on its way through an Output.
    whole = text.removesuffix(".0")
    if not (whole.isascii() and whole.isdigit() and least <= int(whole) <= most):
        raise InputError(f"{field}: {name} must be a whole number of days from {least} to {most}, not {text[:20]!r}")
    return int(whole)


def _names(settings: Collection[str]) -> str:
    return ", ".join(sorted(f"{TAG}NAME" if name == TAG else name for name in settings))

"""Which Secret of which cluster a URL names. Nothing here talks to an API server.

Names: https://kubernetes.io/docs/concepts/overview/working-with-objects/names/
"""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote, unquote

from whatsapp_flow_keys.address import Address, parse_address, text
from whatsapp_flow_keys.errors import InputError

_SCHEME = "kubernetes"
_EXAMPLE = f"{_SCHEME}://my-context/flows/support-line"

_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_NAME = re.compile(rf"{_LABEL}(?:\.{_LABEL})*")


@dataclass(frozen=True)
class KubernetesSecret:
    """A Secret; ``context`` is the one of the kubeconfig, "" where the URL names none.

    Without ``is_ours`` the Secret is a platform team's, which is never made, labelled or deleted here.
    """

    context: str
    namespace: str
    name: str
    is_ours: bool

    @property
    def url(self) -> str:
        """The URL without its settings."""
        return str(Address(_SCHEME, quote(self.context, safe=""), self.id))

    @property
    def location(self) -> str:
        """The URL with its settings."""
        settings = {} if self.is_ours else {"existing": "true"}
        return str(Address(_SCHEME, quote(self.context, safe=""), self.id, settings))

    @property
    def id(self) -> str:
        """``NAMESPACE/NAME``."""
        return f"{self.namespace}/{self.name}"


def parse_secret(url: str, field: str) -> KubernetesSecret:
    """``kubernetes://[CONTEXT]/NAMESPACE/NAME``, with ``?existing=true`` for a platform team's.

    Raises :class:`InputError`, which names ``field``.
    """
    address = parse_address(url, field, settings=("existing",), example=_EXAMPLE)
    namespace, _, name = address.path.partition("/")
    if not namespace and name:
        raise InputError(f"{field}: namespace= is needed, or write it into the URL, as in {_EXAMPLE}")
    if not re.fullmatch(_LABEL, namespace):
        raise InputError(
            f"{field}: {namespace[:80]!r} can't be a namespace: 1 to 63 small letters, digits and hyphens; write it as "
            f"in {_EXAMPLE}"
        )
    if len(name) > 253 or not _NAME.fullmatch(name):
        raise InputError(
            f"{field}: {name[:80]!r} can't be a Secret's name: 1 to 253 small letters, digits, hyphens and dots; write "
            f"it as in {_EXAMPLE}"
        )
    if address.settings.get("existing", "true") != "true":
        raise InputError(f"{field}: existing is true or left out")
    return KubernetesSecret(unquote(address.host), namespace, name, is_ours="existing" not in address.settings)


def complete(url: str, environ: Mapping[str, str]) -> str:
    """``kubernetes:///NAMESPACE/NAME`` with the current context of the kubeconfig; unchanged where there is none.

    So it is in a Pod, whose service account says which cluster is meant.
    """
    try:
        address = parse_address(url, "store", settings=("existing",), example=_EXAMPLE)
    except InputError:
        return url
    context = "" if address.host else _current_context(environ)
    return str(replace(address, host=quote(context, safe=""))) if context else url


def write(name: object, secret_id: object, namespace: object, context: object) -> str:
    """``kubernetes://…`` of what a program gives: a name in a namespace, or ``NAMESPACE/NAME`` of an existing one."""
    path = text(secret_id) if name is None else f"{text(namespace)}/{text(name)}"
    settings = {"existing": "true"} if name is None else {}
    return str(Address(_SCHEME, quote(text(context), safe=""), path, settings))


def kubeconfig_files(environ: Mapping[str, str]) -> list[Path]:
    """The files of KUBECONFIG that are there, else ``~/.kube/config``; none where that isn't there either."""
    named = environ.get("KUBECONFIG") or os.path.join(environ.get("HOME") or "~", ".kube", "config")
    paths = [Path(path).expanduser() for path in named.split(os.pathsep) if path]
    return [path for path in paths if path.is_file()]


def _current_context(environ: Mapping[str, str]) -> str:
    """The first one that a file names, as with `kubectl`."""
    files = kubeconfig_files(environ)
    if not files or find_spec("yaml") is None:
        return ""
    import yaml

    for file in files:
        try:
            found = yaml.safe_load(file.read_text(encoding="utf-8"))
        except (OSError, ValueError, yaml.YAMLError):  # the first call says it better
            return ""
        if isinstance(found, Mapping) and found.get("current-context"):
            return str(found["current-context"])
    return ""

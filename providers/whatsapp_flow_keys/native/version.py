"""The version of the package that is installed, which is the plugin's, and its public address."""

from importlib.metadata import metadata

_PACKAGE = metadata("whatsapp-flow-encryption")
_URLS = dict(each.split(", ", 1) for each in _PACKAGE.get_all("Project-URL") or [])

VERSION: str = _PACKAGE["Version"]
REPOSITORY = _URLS.get("Repository")
"""None where the package was not built for a release: see docs/releasing.md."""

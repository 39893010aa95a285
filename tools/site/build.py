"""Builds the site, in an environment of its own. Whatever MkDocs warns of fails: `mkdocs.yml` says what that is."""

from __future__ import annotations

import os
from pathlib import Path

from tools.checkout import Checkout
from tools.pinned_environment import ensure_pinned_environment
from tools.processes import run_foreground

_REQUIREMENTS = "tools/requirements-docs.txt"
_NO_NOTICE = {"NO_MKDOCS_2_WARNING": "1"}
"""The theme tells at each build of what may become of MkDocs."""


def ensure_mkdocs(checkout: Checkout) -> Path:
    """The Python of the environment. Raises `PartFailed` where pip fails."""
    return ensure_pinned_environment(checkout, checkout.dev / "docs", checkout.root / _REQUIREMENTS)


def build_site(checkout: Checkout, folder: Path) -> int:
    """Writes the site into `folder` and returns MkDocs' exit status. Raises `PartFailed` where pip fails."""
    python = ensure_mkdocs(checkout)
    command = [str(python), "-m", "mkdocs", "build", "--strict", "--site-dir", str(folder)]
    return run_foreground(command, cwd=checkout.root, environment={**os.environ, **_NO_NOTICE})

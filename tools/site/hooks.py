"""What MkDocs calls while it builds the site; `mkdocs.yml` names this file."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files, InclusionLevel
from mkdocs.structure.pages import Page

from tools.reference.markers import with_api
from tools.site.docstrings import turn_into_markdown, undocumented
from tools.site.pages import carried, linked_within_site, place_in_repository, place_in_site

_LOG = logging.getLogger("mkdocs.hooks")
_OF_THEME = ("iframe-worker.js", "site.css")


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Adds what pages link to outside of `docs/`, and what lies beside this file for the theme."""
    for path, text in carried(_root(config)).items():
        files.append(File.generated(config, place_in_site(path), content=text, inclusion=InclusionLevel.NOT_IN_NAV))
    for name in _OF_THEME:
        files.append(File.generated(config, f"assets/{name}", abs_src_path=str(Path(__file__).with_name(name))))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, **_: Any) -> str:
    """Turns a page of the repository into one of the site, whose links lead within it, with the API described."""
    root, path = _root(config), place_in_repository(page.file.src_uri)
    if not path.endswith(".md") or not (root / path).exists():
        return markdown
    return linked_within_site(root, path, with_api(markdown, lambda names: _described(names, config)))


def _described(names: list[str], config: MkDocsConfig) -> str:
    """What mkdocstrings takes for these names. What has no docstring is warned of."""
    python = config.plugins["mkdocstrings"].get_handler("python")
    for name in names:
        found = python.collect(name, python.get_options({}))
        obj = found.final_target if found.is_alias else found
        turn_into_markdown(obj)
        for missing in undocumented(obj):
            _LOG.warning("%s has no docstring", missing)
    return "\n\n".join(f"::: {name}" for name in names)


def _root(config: MkDocsConfig) -> Path:
    return Path(config.docs_dir).parent

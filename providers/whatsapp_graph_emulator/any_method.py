"""Routes for whatever method comes: Flask's own name theirs, and answer every other one without Graph's envelope."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Blueprint
from flask.blueprints import BlueprintSetupState


def route_every_method(routes: Blueprint, view: Callable[[str], Any]) -> None:
    """Calls `view` with the path below the blueprint's prefix, for each path and method that no other route takes."""

    def add(state: BlueprintSetupState) -> None:
        app, prefix, endpoint = state.app, state.url_prefix or "", f"{routes.name}.{view.__name__}"
        app.view_functions[endpoint] = view
        app.url_map.add(app.url_rule_class(f"{prefix}/", defaults={"path": ""}, endpoint=endpoint))
        app.url_map.add(app.url_rule_class(f"{prefix}/<path:path>", endpoint=endpoint))

    routes.record(add)

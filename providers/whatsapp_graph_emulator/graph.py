"""The Graph API routes: HTTP in, HTTP out. What the edge does is in `encryption_edge`, faults in `faulty_answers`.

Nothing here may log or remember a header, a query string or a body: they carry access tokens.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

from flask import Blueprint, Request, Response, request
from werkzeug.exceptions import HTTPException

from whatsapp_graph_emulator.answers import Answer, GraphError, HangUp, trace_id
from whatsapp_graph_emulator.any_method import route_every_method
from whatsapp_graph_emulator.documented_errors import unknown_path
from whatsapp_graph_emulator.emulation import Emulation
from whatsapp_graph_emulator.encryption_edge import EDGE, Call
from whatsapp_graph_emulator.errors import NotRunning
from whatsapp_graph_emulator.faulty_answers import answer_to

_EDGE_PATH = re.compile(rf"(?P<version>[^/]+)/(?P<phone_number_id>[^/]+)/{EDGE}/?")


def graph_routes(emulation: Emulation) -> Blueprint:
    """Every path that is not the control surface's."""
    routes = Blueprint("graph", __name__)

    def graph(path: str) -> Response:
        edge_path = _EDGE_PATH.fullmatch(path)
        entry = emulation.journal.arrived(
            request.method, f"/{path}", edge_path["phone_number_id"] if edge_path else None
        )
        try:
            answer = _answer(emulation, _call(request, edge_path) if edge_path else None, path)
        except GraphError as error:
            answer = error.answer()
        except NotRunning as error:
            raise HangUp("the emulator was stopped") from error
        emulation.journal.answered(entry, answer.status)
        return _response(answer)

    route_every_method(routes, graph)
    return routes


def _answer(emulation: Emulation, call: Call | None, path: str) -> Answer:
    if call is None:
        raise unknown_path(path)
    return answer_to(call, emulation)


def _call(incoming: Request, edge_path: re.Match[str]) -> Call:
    try:
        params = _params(incoming)
    except HTTPException as error:
        raise GraphError(error.code or 400, 100, str(error.description), "GraphMethodException") from error
    return Call(
        method=incoming.method,
        version=edge_path["version"],
        phone_number_id=edge_path["phone_number_id"],
        bearer=_bearer(incoming),
        params=params,
    )


def _bearer(incoming: Request) -> str | None:
    scheme, _, token = incoming.headers.get("Authorization", "").partition(" ")
    return token.strip() or None if scheme.lower() == "bearer" else None


def _params(incoming: Request) -> dict[str, str]:
    """The parameters of the query and of the body, which wins: urlencoded, the text parts of multipart, or JSON."""
    params = incoming.args.to_dict() | incoming.form.to_dict()
    if incoming.is_json:
        body = incoming.get_json(silent=True)
        if isinstance(body, Mapping):
            for name, value in body.items():
                if value is not None:
                    params[name] = value if isinstance(value, str) else json.dumps(value)
    return params


def _response(answer: Answer) -> Response:
    """Meta's headers on every answer; `X-App-Usage` is in percent of the app's limits."""
    body = json.dumps(answer.body).encode()
    response = Response(answer.delivered(body), status=answer.status, content_type="application/json; charset=UTF-8")
    response.content_length = len(body)
    response.headers["x-fb-trace-id"] = trace_id()
    response.headers["x-fb-request-id"] = trace_id()
    response.headers["X-App-Usage"] = json.dumps({"call_count": 1, "total_cputime": 0, "total_time": 0})
    for name, value in answer.headers.items():
        response.headers[name] = value
    return response

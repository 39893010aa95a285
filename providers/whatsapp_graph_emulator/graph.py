"""The routes of the Graph API and of AWS: HTTP in, HTTP out. What they do is in `encryption_edge` and `aws_edge`, what
faults do in `faulty_answers`.

Nothing here may log or remember a header, a query string or a body: they carry access tokens.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from uuid import uuid4

from flask import Blueprint, Request, Response, request
from werkzeug.exceptions import HTTPException

from whatsapp_graph_emulator.answers import Answer, GraphError, HangUp, Refusal, trace_id
from whatsapp_graph_emulator.any_method import route_every_method
from whatsapp_graph_emulator.aws_edge import AWS_PATH, AwsCall
from whatsapp_graph_emulator.documented_errors import unknown_path
from whatsapp_graph_emulator.edge import Performed
from whatsapp_graph_emulator.emulation import Emulation
from whatsapp_graph_emulator.encryption_edge import EDGE, Call
from whatsapp_graph_emulator.errors import NotRunning
from whatsapp_graph_emulator.faulty_answers import answer_to

_EDGE_PATH = re.compile(rf"(?P<version>[^/]+)/(?P<phone_number_id>[^/]+)/{EDGE}/?")


def graph_routes(emulation: Emulation) -> Blueprint:
    """Every path that is not the control surface's."""
    routes = Blueprint("graph", __name__)

    def graph(path: str) -> Response:
        at_aws, edge_path = path == AWS_PATH, _EDGE_PATH.fullmatch(path)
        aws_call = _aws_call(request) if at_aws else None
        number = aws_call.phone_number_id if aws_call else edge_path["phone_number_id"] if edge_path else None
        entry = emulation.journal.arrived(request.method, f"/{path}", number)
        try:
            answer = _answer(emulation, aws_call or (_call(request, edge_path) if edge_path else None), path)
        except Refusal as error:
            answer = error.answer()
        except NotRunning as error:
            raise HangUp("the emulator was stopped") from error
        emulation.journal.answered(entry, answer.status)
        return _response(answer, _of_aws() if at_aws else _of_meta())

    route_every_method(routes, graph)
    return routes


def _answer(emulation: Emulation, call: Performed | None, path: str) -> Answer:
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


def _aws_call(incoming: Request) -> AwsCall:
    """Parameters are the query's in a GET, and else those of the JSON body."""
    body = incoming.get_json(silent=True, force=True) if incoming.method != "GET" else incoming.args.to_dict()
    params = body if isinstance(body, Mapping) else {}
    return AwsCall(incoming.method, incoming.headers.get("Authorization", ""), params)


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


def _response(answer: Answer, headers: Mapping[str, str]) -> Response:
    body = b"" if answer.body is None else json.dumps(answer.body).encode()
    response = Response(answer.delivered(body), status=answer.status, content_type="application/json; charset=UTF-8")
    response.content_length = len(body)
    for name, value in {**headers, **answer.headers}.items():
        response.headers[name] = value
    return response


def _of_meta() -> Mapping[str, str]:
    """Meta's headers on every answer; `X-App-Usage` is in percent of the app's limits."""
    usage = json.dumps({"call_count": 1, "total_cputime": 0, "total_time": 0})
    return {"x-fb-trace-id": trace_id(), "x-fb-request-id": trace_id(), "X-App-Usage": usage}


def _of_aws() -> Mapping[str, str]:
    """AWS's name for each answer."""
    return {"x-amzn-RequestId": str(uuid4())}

"""The control surface `/_emulator/`: looks at the emulator and changes it, as no call to Meta could.

JSON in and out, no authentication (the server is on loopback), and never a token in an answer. A web page that is open
on this machine is kept out: a foreign `Host` or `Origin` gets HTTP 403. A bad field gets HTTP 400
`{"error": {"field", "message"}}`, a thing that is not there 404 `{"error": {"message"}}`.
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

from flask import Blueprint, request
from flask.typing import ResponseReturnValue

from whatsapp_graph_emulator import fields
from whatsapp_graph_emulator.any_method import route_every_method
from whatsapp_graph_emulator.emulation import Emulation
from whatsapp_graph_emulator.errors import BadField, UnknownNumber
from whatsapp_graph_emulator.number import read_key_field, read_options

_OURS = ("127.0.0.1", "localhost", "::1")


def control_routes(emulation: Emulation) -> Blueprint:
    routes = Blueprint("control", __name__, url_prefix="/_emulator")
    _refuse_other_sites(routes)
    _answer_refusals(routes)
    _add_number_routes(routes, emulation)
    _add_fault_routes(routes, emulation)

    @routes.get("/health")
    def health() -> ResponseReturnValue:
        return {"status": "ok"}

    @routes.get("/requests")
    def list_requests() -> ResponseReturnValue:
        return {"requests": emulation.journal.entries(phone_number_id=request.args.get("phone_number_id"))}

    @routes.delete("/requests")
    def clear_requests() -> ResponseReturnValue:
        emulation.journal.clear()
        return {"success": True}

    @routes.put("/tokens/expired")
    def expire_token() -> ResponseReturnValue:
        body = _json_object()
        fields.known_only(body, ["token"])
        emulation.access.expire(fields.text("token", body.get("token")))
        return {"success": True}

    return routes


def _refuse_other_sites(routes: Blueprint) -> None:
    """A browser names the site whose page asks (`Origin`), and the name under which it looked us up (`Host`)."""

    @routes.before_request
    def refuse() -> ResponseReturnValue | None:
        origin = request.headers.get("Origin")
        if urlsplit(f"//{request.host}").hostname in _OURS and origin in (None, f"http://{request.host}"):
            return None
        return {"error": {"message": "The control surface answers programs on this machine, not other sites."}}, 403


def _add_number_routes(routes: Blueprint, emulation: Emulation) -> None:
    numbers = emulation.numbers

    @routes.get("/numbers")
    def list_numbers() -> ResponseReturnValue:
        return {"numbers": [number.shown() for number in numbers.all()]}

    @routes.get("/numbers/<phone_number_id>")
    def show_number(phone_number_id: str) -> ResponseReturnValue:
        return numbers.get(phone_number_id).shown()

    @routes.put("/numbers/<phone_number_id>")
    def put_number(phone_number_id: str) -> ResponseReturnValue:
        fields.phone_number_id("phone_number_id", phone_number_id)
        return numbers.put(phone_number_id, read_options(_json_object(), emulation.access.tokens)).shown()

    @routes.put("/numbers/<phone_number_id>/key")
    def set_key(phone_number_id: str) -> ResponseReturnValue:
        body = _json_object()
        fields.known_only(body, ["public_key"])
        return numbers.set_key(phone_number_id, read_key_field("public_key", body.get("public_key"))).shown()

    @routes.delete("/numbers/<phone_number_id>/key")
    def clear_key(phone_number_id: str) -> ResponseReturnValue:
        return numbers.set_key(phone_number_id, None).shown()

    @routes.post("/numbers/<phone_number_id>/reregister")
    def reregister(phone_number_id: str) -> ResponseReturnValue:
        return numbers.reregister(phone_number_id).shown()


def _add_fault_routes(routes: Blueprint, emulation: Emulation) -> None:
    faults = emulation.faults

    @routes.post("/faults")
    def add_fault() -> ResponseReturnValue:
        return {"id": faults.add(_json_object())}, 201

    @routes.get("/faults")
    def list_faults() -> ResponseReturnValue:
        return {"faults": faults.shown()}

    @routes.delete("/faults")
    def clear_faults() -> ResponseReturnValue:
        faults.clear()
        return {"success": True}

    @routes.delete("/faults/<int:fault_id>")
    def remove_fault(fault_id: int) -> ResponseReturnValue:
        if not faults.remove(fault_id):
            return {"error": {"message": f"There is no fault {fault_id}."}}, 404
        return {"success": True}


def _answer_refusals(routes: Blueprint) -> None:
    @routes.errorhandler(BadField)
    def bad_field(error: BadField) -> ResponseReturnValue:
        return {"error": {"field": error.field, "message": str(error)}}, 400

    @routes.errorhandler(UnknownNumber)
    def unknown_number(error: UnknownNumber) -> ResponseReturnValue:
        return {"error": {"message": str(error)}}, 404

    def unknown_route(path: str) -> ResponseReturnValue:
        return {"error": {"message": f"The control surface has no {request.method} /_emulator/{path}."}}, 404

    # Without this, a path that is none of the control surface's would count as a Graph request.
    route_every_method(routes, unknown_route)


def _json_object() -> Mapping[str, object]:
    body = request.get_json(silent=True, force=True)
    if not isinstance(body, dict):
        raise BadField("body", "must be a JSON object")
    return body

"""The engine's calls for one resource: protobuf in, the calls of its rules, protobuf out.

What arrived as a secret goes back as one, also where its property never has to be one.
"""

from collections.abc import Iterable

from pulumi.runtime.proto import provider_pb2 as proto

from whatsapp_flow_keys.native.kinds import Kind
from whatsapp_flow_keys.native.names import in_camel_case
from whatsapp_flow_keys.native.types_of import text, with_texts
from whatsapp_flow_keys.native.wire import Received, received, to_send
from whatsapp_flow_keys.resources.calls import Calls
from whatsapp_flow_keys.resources.context import Context
from whatsapp_flow_keys.resources.rules import Difference
from whatsapp_flow_keys.resources.schema import UNKNOWN, Properties, Props, camel

_SHOWN = ("phone_number_id", "managed_by", "store", "backups", "rotate_after_days", "endpoint_wait")
"""What names a number, its stores and its times."""
RECORDED_BY_DYNAMIC = "__provider"
"""An output that every resource of a Python program has in its state."""


class ResourceCalls:
    """The calls of one kind of resource.

    Args:
        kind: the kind.
        context: what the rules are given.
    """

    def __init__(self, kind: Kind, context: Context) -> None:
        self._rules = kind.rules
        self._calls = Calls(kind.rules, context)
        self._inputs: type[Properties] = kind.rules.inputs
        self._state: type[Properties] = kind.rules.state
        self._account = context.account

    def check(self, request: proto.CheckRequest) -> proto.CheckResponse:
        """No failure names its property: Pulumi would print the value, which may be a secret."""
        olds, news = received(request.olds), received(request.news)
        if unknown := self._no_inputs(news):
            return proto.CheckResponse(inputs=request.news, failures=[proto.CheckFailure(reason=unknown)])
        if shown := sorted(camel(name) for name in news.secret(_SHOWN)):
            said = (
                f"{', '.join(shown)}: is a secret, but errors, previews, the audit log and the state name it in plain "
                f"text. It takes no credentials: give it as a plain value"
            )
            return proto.CheckResponse(inputs=request.news, failures=[proto.CheckFailure(reason=said)])
        names = self._inputs.traits()
        inputs, failures = self._calls.check(olds.values, with_texts(self._inputs, news.values))
        number = None if news.get("phone_number_id") is UNKNOWN else news.get("phone_number_id")
        named = [self._account.naming(in_camel_case(failure, names), text(number)) for failure in failures]
        return proto.CheckResponse(
            inputs=to_send(inputs, self._secrets(self._inputs, news)),
            failures=[proto.CheckFailure(reason=failure) for failure in named],
        )

    def diff(self, request: proto.DiffRequest) -> proto.DiffResponse:
        """Shows the properties that ask for the change. What a Python program recorded is an update at least: only
        then its names become those of this package."""
        olds, news = received(request.olds), received(request.news)
        found = self._calls.diff(request.id, olds.values, news.values)
        if found is None:
            return proto.DiffResponse(changes=proto.DiffResponse.DIFF_SOME)
        comes_over = RECORDED_BY_DYNAMIC in olds.values
        recorded = received(request.old_inputs)
        drift = [name for name in self._inputs.names("found") if found.updates and recorded.get(name) != news.get(name)]
        changed = list(dict.fromkeys((*found.replaces, *found.updates, *drift)))
        return proto.DiffResponse(
            changes=proto.DiffResponse.DIFF_SOME if changed or comes_over else proto.DiffResponse.DIFF_NONE,
            replaces=[camel(name) for name in found.replaces],
            diffs=[camel(name) for name in changed],
            detailedDiff={camel(name): _shown(name, recorded, news, found) for name in changed},
            hasDetailedDiff=True,
        )

    def create(self, request: proto.CreateRequest) -> proto.CreateResponse:
        """In a preview it makes nothing."""
        news = received(request.properties)
        given, secrets = news.values, self._secrets(self._state, news)
        if request.preview:
            return proto.CreateResponse(properties=to_send(self._foreseen(given, None), secrets))
        created = self._calls.create(given)
        return proto.CreateResponse(id=created.id, properties=to_send(created.state.to_props(), secrets))

    def read(self, request: proto.ReadRequest) -> proto.ReadResponse:
        """Of a resource that is recorded, or of one to be imported, which has an ID only."""
        if not request.properties.fields:
            return self._find(request.id)
        recorded, inputs = received(request.properties), received(request.inputs)
        found = self._calls.read(recorded.values)
        secrets = self._secrets(self._state, recorded, inputs)
        seen = found.inputs.to_props() if found.inputs else self._inputs.from_props(inputs.values).to_props()
        return proto.ReadResponse(
            id=request.id, properties=to_send(found.state.to_props(), secrets), inputs=to_send(seen, secrets)
        )

    def update(self, request: proto.UpdateRequest) -> proto.UpdateResponse:
        """Where no rule asks for it, it records what is recorded by the names of this package, and asks nobody."""
        olds, news = received(request.olds), received(request.news)
        recorded, given, secrets = olds.values, news.values, self._secrets(self._state, olds, news)
        found = self._calls.difference(recorded, given)
        held = self._state.from_props(recorded)
        if found is not None and not found.updates and not self._rules.is_outdated(held):
            state = held.to_props()
        elif request.preview:
            state = self._foreseen(given, found)
        else:
            state = self._calls.update(request.id, recorded, given).state.to_props()
        return proto.UpdateResponse(properties=to_send(state, secrets))

    def delete(self, request: proto.DeleteRequest) -> None:
        """See the rules."""
        self._calls.delete(request.id, received(request.properties).values)

    def _find(self, id_: str) -> proto.ReadResponse:
        """What ``pulumi import`` asks for. An answer without an ID says that there is none."""
        found = self._calls.find(id_)
        if found is None:
            return proto.ReadResponse()
        secrets = self._state.names("secret")
        inputs, state = found.inputs.to_props(), found.state.to_props()
        return proto.ReadResponse(id=found.id, properties=to_send(state, secrets), inputs=to_send(inputs, secrets))

    def _foreseen(self, given: Props, found: Difference | None) -> Props:
        inputs = self._inputs.from_props(given)
        foreseen: Props = self._rules.foresee(inputs, found.kept if found else {}).to_props()
        return foreseen

    def _no_inputs(self, news: Received) -> str:
        known = {camel(name) for name in self._inputs.traits()}
        names = sorted(name for name in news.values if name not in known and not name.startswith("__"))
        return f"{', '.join(names)}: there is no such property; known are {', '.join(sorted(known))}" if names else ""

    def _secrets(self, of: type[Properties], *arrived: Received) -> frozenset[str]:
        """The properties that always are secret, and those that arrived as such."""
        names: Iterable[str] = {**self._inputs.traits(), **self._state.traits()}
        return frozenset(of.names("secret")).union(*(each.secret(names) for each in arrived))


def _shown(name: str, recorded: Received, news: Received, found: Difference) -> proto.PropertyDiff:
    """How a property changes: an input, or an output that has to be recorded."""
    before, after = recorded.get(name), news.get(name)
    word = "UPDATE" if before is not None and after is not None else "ADD" if before is None else "DELETE"
    replaces = "_REPLACE" if name in found.replaces else ""
    return proto.PropertyDiff(kind=proto.PropertyDiff.Kind.Value(f"{word}{replaces}"), inputDiff=True)

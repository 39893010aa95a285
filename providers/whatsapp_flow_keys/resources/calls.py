"""What an engine asks of a resource, in plain properties. A front end translates its protocol to these calls.

With ``--continue-on-error`` the engine asks check and diff also about what depends on a failed resource, leaves out the
inputs that are not known, and then skips the step. An error of check or diff would end the run for every other number,
so neither has one then; what changes something refuses, should it ever be called so.
"""

from collections.abc import Mapping
from typing import Any

from whatsapp_flow_keys.errors import MissingInputError
from whatsapp_flow_keys.resources.context import Context
from whatsapp_flow_keys.resources.importing import Place
from whatsapp_flow_keys.resources.rules import Created, Difference, Found, Refreshed, Rules, Updated
from whatsapp_flow_keys.resources.schema import Props, is_known


class Calls:
    """The calls of one kind of resource.

    Args:
        rules: of the resource.
        context: what the rules are given.
    """

    def __init__(self, rules: Rules[Any, Any], context: Context) -> None:
        self._rules = rules
        self._context = context

    def check(self, olds: Props, news: Props) -> tuple[Props, tuple[str, ...]]:
        """The inputs as they are recorded, and a sentence for each that can't be used."""
        given = self._inputs(news)
        if given.missing():
            return news, ()
        checked = self._rules.check(self._inputs(olds) if olds else None, given, self._context)
        if not checked.failures and is_known(checked.inputs.phone_number_id):
            self._rules.expect(checked.inputs.phone_number_id, self._context.run)
        return checked.inputs.to_props(), checked.failures

    def diff(self, id_: str, olds: Props, news: Props) -> Difference | None:
        """What is different, whose reason is shown; None where inputs are missing, so that nobody can tell."""
        given, recorded, run = self._inputs(news), self._state(olds), self._context.run
        found = self.difference(olds, news)
        if found is None:
            return None
        run.say(found.why)
        if not given.is_known():  # so the engine also asks before it deletes first, unchecked, what depends on such
            self._rules.expect(recorded.phone_number_id, run)
        self._rules.note_recorded(id_, recorded, found, run)
        return found

    def difference(self, olds: Props, news: Props) -> Difference | None:
        """The same, which nobody is shown and nothing remembers."""
        given = self._inputs(news)
        return None if given.missing() else self._rules.diff(self._state(olds), given, self._context)

    def create(self, news: Props) -> Created[Any]:
        """See the rules."""
        return self._rules.create(self._all_inputs(news), self._context)

    def read(self, olds: Props) -> Refreshed[Any]:
        """See the rules."""
        return self._rules.read(self._state(olds), self._context)

    def find(self, id_: str) -> Found[Any] | None:
        """The resource that ``PHONE_NUMBER_ID@STORE`` names; None where the store holds none."""
        place = Place.parse(id_)
        ring = place.ring()
        return None if ring is None else self._rules.find(place, ring, self._context)

    def update(self, id_: str, olds: Props, news: Props) -> Updated[Any]:
        """See the rules."""
        return self._rules.update(id_, self._state(olds), self._all_inputs(news), self._context)

    def delete(self, id_: str, olds: Props) -> None:
        """See the rules."""
        self._rules.delete(id_, self._state(olds), self._context)

    def _inputs(self, props: Mapping[str, Any]) -> Any:
        return self._rules.inputs.from_props(props)

    def _state(self, props: Mapping[str, Any]) -> Any:
        return self._rules.state.from_props(props)

    def _all_inputs(self, props: Mapping[str, Any]) -> Any:
        given = self._inputs(props)
        if missing := given.missing():
            raise MissingInputError(
                f"{', '.join(missing)}: got no value, so nothing was done. If it comes from a resource that failed, "
                f"repair that one and run `pulumi up` again"
            )
        return given

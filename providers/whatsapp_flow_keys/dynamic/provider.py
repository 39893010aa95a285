"""What the four providers share: they translate between Pulumi's SDK and the rules of a resource.

With ``--continue-on-error`` the engine asks check and diff also about what depends on a failed resource, leaves out the
inputs that are not known, and then skips the step. An error of check or diff would end the run for every other number,
so neither has one then; what changes something refuses, should it ever be called so.
"""

import functools
from collections.abc import Mapping
from typing import Any, ClassVar

from pulumi.dynamic import (
    CheckFailure,
    CheckResult,
    ConfigureRequest,
    CreateResult,
    DiffResult,
    ReadResult,
    ResourceProvider,
    UpdateResult,
)
from pulumi.dynamic.config import Config

from whatsapp_flow_keys.dynamic.sentences import in_one_sentence, number_in, silence_tracebacks
from whatsapp_flow_keys.dynamic.wire import received, sent
from whatsapp_flow_keys.errors import MissingInputError
from whatsapp_flow_keys.resources.account import ConfiguredAccount
from whatsapp_flow_keys.resources.context import Account, Context
from whatsapp_flow_keys.resources.rules import Rules
from whatsapp_flow_keys.resources.run import Run
from whatsapp_flow_keys.resources.schema import Props, is_known

PROVIDER_KEY = "__provider"
"""The property in which Pulumi's SDK records the pickled provider."""


class FlowKeysProvider(ResourceProvider):
    """Base of the providers. What a resource does is in its rules."""

    rules: ClassVar[Rules[Any, Any]]

    serialize_as_secret_always = False
    _config: Config | None = None
    _run: Run | None = None
    _account: Account | None = None

    def configure(self, req: ConfigureRequest) -> None:
        """Called once in each process, before any other method."""
        self._config = req.config
        silence_tracebacks()

    @in_one_sentence
    def check(self, olds: Props, news: Props) -> CheckResult:
        """No failure names its property: Pulumi would print the value, which may be a secret."""
        given, secrets = self._inputs(news), self.rules.inputs.names("secret")
        if given.missing():
            return CheckResult(sent(received(news), secrets), [])
        checked = self.rules.check(self._inputs(olds) if olds else None, given, self.context)
        if not checked.failures and is_known(checked.inputs.phone_number_id):
            self.rules.expect(checked.inputs.phone_number_id, self.run)
        failures = [CheckFailure("", self.naming(failure, news)) for failure in checked.failures]
        return CheckResult(sent(checked.inputs.to_props(), secrets), failures)

    @in_one_sentence
    def diff(self, id_: str, olds: Props, news: Props) -> DiffResult:
        """Shows the reason of a change. Another pickled provider is a change, too."""
        given, recorded = self._inputs(news), self._state(olds)
        if given.missing():
            return DiffResult(changes=True)
        found = self.rules.diff(recorded, given, self.context)
        self.run.say(found.why)
        if not given.is_known():  # so the engine also asks before it deletes first, unchecked, what depends on such
            self.rules.expect(recorded.phone_number_id, self.run)
        self.rules.note_recorded(id_, recorded, found, self.run)
        is_repickled = news.get(PROVIDER_KEY) != olds.get(PROVIDER_KEY)
        return DiffResult(bool(found.replaces or found.updates or is_repickled), list(found.replaces))

    @in_one_sentence
    def create(self, props: Props) -> CreateResult:
        """See the rules."""
        created = self.rules.create(self._all_inputs(props), self.context)
        return CreateResult(created.id, sent(created.state.to_props(), self.rules.state.names("secret")))

    @in_one_sentence
    def read(self, id_: str, props: Props) -> ReadResult:
        """See the rules."""
        found, secrets = self.rules.read(self._state(props), self.context), self.rules.state.names("secret")
        inputs = sent(found.inputs.to_props(), secrets) if found.inputs else None
        return ReadResult(id_, sent(found.state.to_props(), secrets), inputs)

    @in_one_sentence
    def update(self, id_: str, olds: Props, news: Props) -> UpdateResult:
        """See the rules."""
        updated = self.rules.update(id_, self._state(olds), self._all_inputs(news), self.context)
        secrets = (*self.rules.state.names("secret"), *updated.concealed)
        return UpdateResult(sent(updated.state.to_props(), secrets))

    @in_one_sentence
    def delete(self, id_: str, props: Props) -> None:
        """See the rules."""
        self.rules.delete(id_, self._state(props), self.context)

    @property
    def run(self) -> Run:
        """What this run of the engine remembers; the same for the providers of a process."""
        return self._run or _run_of_this_process()

    @property
    def account(self) -> Account:
        """The account that the stack, or the provider of the resource, is configured for."""
        return self._account or ConfiguredAccount(self._config.get if self._config else _not_set, self.run)

    @property
    def context(self) -> Context:
        """What the rules are given."""
        return Context(self.run, self.account)

    def naming(self, text: str, *props: Any) -> str:
        """The text of a failure, with the number and the account that it happened to, where it doesn't say so.

        ``props``: what the engine gave, newest last.
        """
        return self.account.naming(text, number_in(props))

    def _inputs(self, props: Mapping[str, Any]) -> Any:
        return self.rules.inputs.from_props(received(props))

    def _all_inputs(self, props: Mapping[str, Any]) -> Any:
        given = self._inputs(props)
        if missing := given.missing():
            raise MissingInputError(
                f"{', '.join(missing)}: got no value, so nothing was done. If it comes from a resource that failed, "
                f"repair that one and run `pulumi up` again"
            )
        return given

    def _state(self, props: Mapping[str, Any]) -> Any:
        return self.rules.state.from_props(received(props))


@functools.cache
def _run_of_this_process() -> Run:
    return Run()


def _not_set(_setting: str) -> None:
    return None

"""What the four providers share: they translate between Pulumi's SDK and the calls of a resource."""

import functools
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
from whatsapp_flow_keys.resources.account import ConfiguredAccount
from whatsapp_flow_keys.resources.calls import Calls
from whatsapp_flow_keys.resources.context import Account, Context
from whatsapp_flow_keys.resources.rules import Rules
from whatsapp_flow_keys.resources.run import Run
from whatsapp_flow_keys.resources.schema import Props

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
        inputs, failures = self._calls.check(received(olds), received(news))
        named = [CheckFailure("", self.naming(failure, news)) for failure in failures]
        return CheckResult(sent(inputs, self.rules.inputs.names("secret")), named)

    @in_one_sentence
    def diff(self, id_: str, olds: Props, news: Props) -> DiffResult:
        """Another pickled provider is a change, too."""
        found = self._calls.diff(id_, received(olds), received(news))
        if found is None:
            return DiffResult(changes=True)
        is_repickled = news.get(PROVIDER_KEY) != olds.get(PROVIDER_KEY)
        return DiffResult(bool(found.replaces or found.updates or is_repickled), list(found.replaces))

    @in_one_sentence
    def create(self, props: Props) -> CreateResult:
        """See the rules."""
        created = self._calls.create(received(props))
        return CreateResult(created.id, sent(created.state.to_props(), self._secrets))

    @in_one_sentence
    def read(self, id_: str, props: Props) -> ReadResult:
        """See the rules."""
        found = self._calls.read(received(props))
        inputs = sent(found.inputs.to_props(), self._secrets) if found.inputs else None
        return ReadResult(id_, sent(found.state.to_props(), self._secrets), inputs)

    @in_one_sentence
    def update(self, id_: str, olds: Props, news: Props) -> UpdateResult:
        """See the rules."""
        updated = self._calls.update(id_, received(olds), received(news))
        return UpdateResult(sent(updated.state.to_props(), (*self._secrets, *updated.concealed)))

    @in_one_sentence
    def delete(self, id_: str, props: Props) -> None:
        """See the rules."""
        self._calls.delete(id_, received(props))

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

    @property
    def _calls(self) -> Calls:
        return Calls(self.rules, self.context)

    @property
    def _secrets(self) -> tuple[str, ...]:
        names: tuple[str, ...] = self.rules.state.names("secret")
        return names


@functools.cache
def _run_of_this_process() -> Run:
    return Run()


def _not_set(_setting: str) -> None:
    return None

"""What the three providers share: settings from the stack's configuration, and errors that a person can read."""

import functools
import os
import re
import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from pulumi.dynamic import CheckFailure, CheckResult, ConfigureRequest, ResourceProvider
from pulumi.dynamic.config import Config
from pulumi.runtime.rpc import wrap_rpc_secret

from whatsapp_flow_keys.audit import AUDIT_LOG, Audit, AuditLog
from whatsapp_flow_keys.dynamic.inputs import is_known
from whatsapp_flow_keys.dynamic.run import Run
from whatsapp_flow_keys.dynamic.withheld import pass_by
from whatsapp_flow_keys.errors import FlowKeysError
from whatsapp_flow_keys.graph.settings import ACCOUNT, GraphSettings, graph_settings
from whatsapp_flow_keys.lifecycle.claim import Claim

if TYPE_CHECKING:
    from whatsapp_flow_keys.graph.client import GraphClient
    from whatsapp_flow_keys.lifecycle.session import Session

TRACEBACKS = "WHATSAPP_FLOW_TRACEBACKS"
"""Set this environment variable to see whole tracebacks instead of one sentence."""

PROVIDER_KEY = "__provider"
"""The property in which Pulumi's SDK records the pickled provider."""

_SETTING = re.compile(r"\bwhatsapp:(?=(?:accessToken|appSecret|graphUrl|graphVersion|auditLog)\b)")

_F = TypeVar("_F", bound=Callable[..., Any])
Props = dict[str, Any]


class FlowKeysProvider(ResourceProvider):
    """Base of the providers. Every method that the engine calls ends in one sentence when it fails, which names the
    phone number, and the account where its provider bears a name."""

    secrets: ClassVar[tuple[str, ...]] = ()
    """The inputs and outputs that are secret. Each result marks them itself, so that the state encrypts them also
    where a program's transform took `additional_secret_outputs` away."""

    serialize_as_secret_always = False
    required: ClassVar[tuple[str, ...]] = ()
    """Inputs that every program gives, and that are missing only where the resource they come from has failed."""
    _config: Config | None = None
    _run: Run | None = None

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        for name in ("check", "diff", "create", "read", "update", "delete"):
            if name in cls.__dict__:
                setattr(cls, name, _in_one_sentence(_with_marked_secrets(pass_by(cls.__dict__[name]))))

    def configure(self, req: ConfigureRequest) -> None:
        """Called once in each process, before any other method."""
        self._config = req.config
        if not os.environ.get(TRACEBACKS):
            sys.tracebacklimit = 0

    @property
    def run(self) -> Run:
        """What this run of the engine remembers; the same for the three providers of a process."""
        return self._run or _run_of_this_process()

    def missing(self, news: Props) -> list[str]:
        """The required inputs that are not there; what a preview doesn't know yet is."""
        return [name for name in self.required if news.get(name) is None]

    def checked(self, values: Props, failures: Sequence[str]) -> CheckResult:
        """The result of a check. No property is named: Pulumi would print its value, which may be a secret."""
        return CheckResult(values, [CheckFailure("", self.naming(failure, values)) for failure in failures])

    def naming(self, text: str, *props: Any) -> str:
        """The text of a failure, with the number and the account that it happened to, where it doesn't say so.

        ``props``: what the engine gave, newest last. An account's settings are called by its own names.
        """
        account = self._setting(ACCOUNT)
        whose = [f"phone number {number}" for number in _phone_number_ids(props)[:1] if number not in text]
        if account:
            whose.append(f"account {account}")
            text = _SETTING.sub(f"{account}:", text)
        return f"{', '.join(whose)}: {text}" if whose else text

    def settings(self) -> GraphSettings:
        """The Graph API's settings. Raises :class:`InputError`, which names what is missing or wrong."""
        return graph_settings(self._setting)

    def graph(self) -> "GraphClient":
        """The client; one for all resources of an account in this process."""
        return _client(self.settings())

    def session(self, claim: Claim) -> "Session":
        """What a call that acts hands to the lifecycle."""
        from whatsapp_flow_keys.lifecycle.session import Session

        return Session(claim, self.graph, self.run.clock, claim.trail(self.audit()), self.run.say)

    def audit(self) -> Audit:
        """The audit log; one for each file in this process, so that one that fails is reported once."""
        path = self._setting("whatsapp:auditLog") or os.environ.get(AUDIT_LOG)
        return _audit_log(str(path) if path else None)

    def _setting(self, key: str) -> Any:
        return self._config.get(key) if self._config else None


@functools.lru_cache(maxsize=1)
def _run_of_this_process() -> Run:
    return Run()


@functools.lru_cache(maxsize=32)
def _client(settings: GraphSettings) -> "GraphClient":
    from whatsapp_flow_keys.graph.client import GraphClient  # with requests: a preview asks nobody

    return GraphClient(settings)


@functools.lru_cache(maxsize=32)
def _audit_log(path: str | None) -> AuditLog:
    return AuditLog(path)


def _phone_number_ids(props: Sequence[Any]) -> list[str]:
    """Newest first; values that aren't phone number IDs are skipped."""
    numbers = [given.get("phone_number_id") for given in reversed(props) if isinstance(given, dict)]
    return [number for number in numbers if isinstance(number, str) and number.isdigit()]


def _with_marked_secrets(method: _F) -> _F:
    """What the engine gets is marked as its wire format marks secrets; what it gives to a provider is plain."""

    @functools.wraps(method)
    def wrapper(provider: FlowKeysProvider, *args: Any) -> Any:
        result = method(provider, *args)
        for side in ("inputs", "outs"):
            props = getattr(result, side, None)
            if props is not None:
                setattr(result, side, _marked(props, provider.secrets))
        return result

    return wrapper  # type: ignore[return-value]  # functools.wraps keeps the signature, mypy can't see it


def _marked(props: Props, secrets: tuple[str, ...]) -> Props:
    """What a preview doesn't know yet is left as it is, so that it shows as that."""

    def mark(name: str, value: Any) -> Any:
        return wrap_rpc_secret(value) if name in secrets and value is not None and is_known(value) else value

    return {name: mark(name, value) for name, value in props.items()}


def _in_one_sentence(method: _F) -> _F:
    @functools.wraps(method)
    def wrapper(provider: FlowKeysProvider, *args: Any) -> Any:
        if os.environ.get(TRACEBACKS):
            return method(provider, *args)
        try:
            return method(provider, *args)
        except FlowKeysError as error:
            failure = _plain(type(error).__name__, provider.naming(str(error), *args))
        except BaseException as error:  # noqa: BLE001 (SystemExit hangs the engine; other texts may hold a secret)
            said = (
                f"{type(error).__name__} in {type(provider).__name__}.{method.__name__}; run again with {TRACEBACKS}=1 "
                f"to see where (that text may hold secrets) and report it"
            )
            failure = _plain("UnexpectedError", provider.naming(said, *args))
        raise failure from None

    return wrapper  # type: ignore[return-value]  # functools.wraps keeps the signature, mypy can't see it


def _plain(name: str, text: str) -> Exception:
    """An exception that a traceback shows as ``name: text``, without its module."""
    kind = type(name, (Exception,), {"__module__": "builtins"})
    failure: Exception = kind(text)
    return failure

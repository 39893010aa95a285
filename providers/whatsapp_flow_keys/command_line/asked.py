"""What a command was asked to look at: stores by words or the environment, Meta by the environment alone."""

import os
from collections.abc import Sequence
from types import TracebackType

import click

from whatsapp_flow_keys.clock import SystemClock
from whatsapp_flow_keys.custody.services import services_in
from whatsapp_flow_keys.errors import FlowKeysError, InputError, SettingError
from whatsapp_flow_keys.flow_protocol.endpoint_url import parse_endpoint_url
from whatsapp_flow_keys.flow_protocol.live_endpoint import LiveEndpoint
from whatsapp_flow_keys.key_source import KeySource, passphrases_from_env
from whatsapp_flow_keys.keys_variable import CUSTODY, KEYS
from whatsapp_flow_keys.lifecycle.survey import Survey
from whatsapp_flow_keys.lifecycle.survey import survey as survey_stores
from whatsapp_flow_keys.registrars.kinds import META, REGISTRAR, registrar_kind, registrar_of_environment
from whatsapp_flow_keys.registrars.registrar import Registrar
from whatsapp_flow_keys.stores.store import Store
from whatsapp_flow_keys.stores.urls import STACK, complete_url, open_store

_VARIABLES = {
    "accessToken": "WHATSAPP_ACCESS_TOKEN",
    "appSecret": "WHATSAPP_APP_SECRET",
    "graphUrl": "WHATSAPP_GRAPH_URL",
}

store_option = click.option(
    "--store",
    "urls",
    multiple=True,
    metavar="URL",
    help=f"A store; again for each backup. `{STACK}` is the ring in {KEYS}. Without any: what {KEYS} holds.",
)
registrar_option = click.option(
    "--registrar",
    "registrar",
    metavar="URL",
    help=f"Who says what Meta serves: `{META}`, its Graph API, or `awssocial://…`. Without it: {REGISTRAR}, or Meta.",
)
json_option = click.option("--json", "as_json", is_flag=True, help="For programs.")


class _UsageErrors:
    """Within this block a usage error ends with status 3, not with click's 2."""

    def __enter__(self) -> None:
        """Nothing to prepare."""

    def __exit__(
        self, _kind: type[BaseException] | None, error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        if isinstance(error, click.UsageError):
            error.exit_code = 3  # type: ignore[misc]  # click asks the instance


USAGE_ERRORS = _UsageErrors()


def look(urls: Sequence[str], registrar: str | None) -> Survey:
    """Every store and Meta, as they are. Raises :class:`click.UsageError` for what can't even be asked."""
    stores = stores_asked(urls)
    try:
        asked = _registrar(registrar)
    except FlowKeysError as error:
        raise click.UsageError(str(error)) from None
    return survey_stores(
        stores,
        asked,
        SystemClock(),
        passphrases=passphrases_asked(urls),
        services=services_in(os.environ.get(CUSTODY)),
    )


def passphrases_asked(urls: Sequence[str]) -> tuple[str, ...]:
    """Those of the number that the environment names, if no store was named; else those without a number."""
    if urls or not os.environ.get(KEYS, "").strip():
        return passphrases_from_env()
    return KeySource.from_env().passphrases


def stores_asked(urls: Sequence[str]) -> tuple[Store, ...]:
    """Every place that was named, the store first. Raises :class:`click.UsageError` for what names none."""
    try:
        return _stores(urls)
    except FlowKeysError as error:
        raise click.UsageError(str(error)) from None


def live_endpoint(url: str) -> LiveEndpoint:
    """The endpoint, whose requests are signed if there is an app secret. Raises :class:`click.UsageError`."""
    try:
        parsed = parse_endpoint_url(url, "--endpoint")
    except InputError as error:
        raise click.UsageError(str(error)) from None
    secret = os.environ.get("WHATSAPP_APP_SECRET", "").strip()
    return LiveEndpoint(parsed, secret or None, "WHATSAPP_APP_SECRET here")


def _stores(urls: Sequence[str]) -> tuple[Store, ...]:
    if not urls and not os.environ.get(KEYS, "").strip():
        raise InputError(f"give --store URL, or set {KEYS} to what the stack's `endpoint_env` holds")
    if not urls:
        return KeySource.from_env().stores()
    stores = tuple(_store(url) for url in urls)
    places = [store.url for store in stores]
    for place in places:
        if places.count(place) > 1:
            raise InputError(f"--store: {place} is given twice")
    return stores


def _store(url: str) -> Store:
    if url != STACK:
        return open_store(complete_url(url), "--store")
    source = KeySource.from_env()
    if source.is_store:
        raise InputError(f"--store {STACK}: {KEYS} holds URLs, not the key ring of a stack that keeps its own keys")
    return source.stores()[0]


def _registrar(given: str | None) -> Registrar | None:
    url = registrar_of_environment(given, "--registrar")
    if url == META and not os.environ.get("WHATSAPP_ACCESS_TOKEN", "").strip():
        return None
    kind = registrar_kind(url)
    try:
        return kind.connect(kind.settings(url, lambda _: None))
    except SettingError as error:
        raise InputError(f"{_VARIABLES.get(error.setting, error.setting)}: {error.said}") from None

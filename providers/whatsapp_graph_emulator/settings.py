"""What an emulator is started with: from Python, or from arguments, environment and a configuration file.

Tokens and the app secret are left out of every message and every `repr`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from whatsapp_graph_emulator import fields
from whatsapp_graph_emulator.errors import BadField, SettingsError
from whatsapp_graph_emulator.number import Number, read_options

TOKENS_VARIABLE = "WHATSAPP_EMULATOR_TOKENS"
APP_SECRET_VARIABLE = "WHATSAPP_EMULATOR_APP_SECRET"


@dataclass(frozen=True)
class Settings:
    """Checked settings. `app_secret` None: no `appsecret_proof` is asked for."""

    numbers: tuple[Number, ...]
    tokens: tuple[str, ...] = field(repr=False)
    app_secret: str | None = field(repr=False)

    @staticmethod
    def of(*, numbers: Sequence[object], tokens: Sequence[str], app_secret: str | None) -> Settings:
        """Checks and builds. An entry of `numbers` is an id, a `Number`, or `{"id", "registered", "tokens", …}` with
        the fields of `read_options`; where an id comes twice, the later entry counts.

        Raises `SettingsError` where there is no token, `BadField` for a wrong value.
        """
        checked = tuple(dict.fromkeys(fields.texts("tokens", tokens)))
        if not checked:
            raise SettingsError(
                f"No access token is configured: name one in --config or in the variable {TOKENS_VARIABLE} "
                "(several separated by commas), or give --token."
            )
        if app_secret is not None:
            fields.text("app_secret", app_secret)
        by_id = {number.id: number for number in _read_numbers(numbers, checked)}
        return Settings(tuple(by_id.values()), checked, app_secret)


def gather(
    *,
    numbers: Sequence[str],
    tokens: Sequence[str],
    app_secret: str | None,
    config: str | None,
    environ: Mapping[str, str],
) -> Settings:
    """The settings of a command line with its environment and configuration file.

    Numbers and tokens of all sources are joined; the file's entry for a number outweighs a bare id, and for the app
    secret the argument outweighs the environment, which outweighs the file. Raises `SettingsError`.
    """
    from_file = _read_config(config) if config is not None else {}
    from_environment = [token.strip() for token in environ.get(TOKENS_VARIABLE, "").split(",") if token.strip()]
    try:
        return Settings.of(
            numbers=[*numbers, *_list(from_file, "numbers")],
            tokens=[*fields.texts("tokens", from_file.get("tokens", [])), *from_environment, *tokens],
            app_secret=app_secret or environ.get(APP_SECRET_VARIABLE) or _optional_text(from_file, "app_secret"),
        )
    except BadField as error:
        source = f" (arguments, environment or {config})" if config else ""
        raise SettingsError(f"A setting is wrong{source}: {error}.") from error


def _read_config(path: str) -> Mapping[str, object]:
    try:
        config = json.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError(f"The configuration file {path} cannot be read ({error.strerror}).") from error
    except ValueError as error:
        # The reason is not repeated: it could quote a line with a secret.
        raise SettingsError(f"The configuration file {path} is not valid JSON.") from error
    if not isinstance(config, dict):
        raise SettingsError(f"The configuration file {path} must hold a JSON object.")
    try:
        fields.known_only(config, ["numbers", "tokens", "app_secret"])
    except BadField as error:
        raise SettingsError(f"The configuration file {path} is wrong: {error}.") from error
    return config


def _read_numbers(entries: Iterable[object], tokens: Sequence[str]) -> Iterable[Number]:
    for position, entry in enumerate(entries):
        name = f"numbers[{position}]"
        if isinstance(entry, Number):
            yield entry
        elif isinstance(entry, str):
            yield Number(fields.phone_number_id(name, entry))
        elif isinstance(entry, Mapping):
            options = dict(entry)
            phone_number_id = fields.phone_number_id(f"{name}.id", options.pop("id", None))
            try:
                yield Number(phone_number_id, **read_options(options, tokens))
            except BadField as error:
                raise BadField(f"numbers[{position}] ({phone_number_id})", str(error)) from error
        else:
            raise BadField(name, 'must be a phone number ID in quotes, or an object with "id"')


def _list(config: Mapping[str, object], name: str) -> list[object]:
    value = config.get(name, [])
    if not isinstance(value, list):
        raise BadField(name, "must be a list")
    return value


def _optional_text(config: Mapping[str, object], name: str) -> str | None:
    value = config.get(name)
    return None if value is None else fields.text(name, value)

"""The model's kind of key service, as the module that the registry of services names."""

from collections.abc import Mapping

from tests.model.ports import ScriptedService
from whatsapp_flow_keys.custody.service import CustodyKind


def _as_written(url: str, _environ: Mapping[str, str]) -> str:
    return url


KIND = CustodyKind(ScriptedService, str, _as_written)

"""An account, configured by the settings of a stack or of one of its providers."""

import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from whatsapp_flow_keys.audit import AUDIT_LOG, Audit, AuditLog
from whatsapp_flow_keys.registrars.kinds import registrar_kind
from whatsapp_flow_keys.registrars.registrar import ACCOUNT, Registrar, Settings
from whatsapp_flow_keys.resources.run import Run

if TYPE_CHECKING:
    from whatsapp_flow_keys.flow_protocol.live_endpoint import LiveEndpoint


class ConfiguredAccount:
    """An :class:`Account`.

    Args:
        setting: a setting's value by its name, as in ``whatsapp:accessToken``; None where it isn't set.
        run: keeps one client for all resources of an account, and one log for a file, so that one that fails is
            reported once.
    """

    def __init__(self, setting: Callable[[str], Any], run: Run) -> None:
        self._setting = setting
        self._run = run

    def check(self, registrar: str) -> None:
        """See :class:`Account`."""
        self._settings(registrar)

    def registrar(self, url: str) -> Registrar:
        """See :class:`Account`."""
        registrar: Registrar = self._run.shared(registrar_kind(url).connect, self._settings(url))
        return registrar

    def endpoint(self, url: str, registrar: str) -> "LiveEndpoint":
        """See :class:`Account`."""
        from whatsapp_flow_keys.flow_protocol.live_endpoint import LiveEndpoint

        settings = self._settings(registrar)
        return LiveEndpoint(url, settings.app_secret, settings.name("appSecret"))

    def audit(self) -> Audit:
        """See :class:`Account`."""
        path = self._setting("whatsapp:auditLog") or os.environ.get(AUDIT_LOG)
        log: AuditLog = self._run.shared(AuditLog, str(path) if path else None)
        return log

    def naming(self, text: str, phone_number_id: str | None) -> str:
        """See :class:`Account`."""
        account = self._setting(ACCOUNT)
        whose = [f"phone number {phone_number_id}"] if phone_number_id and phone_number_id not in text else []
        if account:
            whose.append(f"account {account}")
        return f"{', '.join(whose)}: {text}" if whose else text

    def _settings(self, registrar: str) -> Settings:
        return registrar_kind(registrar).settings(registrar, self._setting)

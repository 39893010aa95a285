"""What requests can't be told by a session alone: a folder of CAs, and another name in the server's certificate."""

from contextlib import suppress
from pathlib import Path
from typing import Any

from requests.adapters import HTTPAdapter
from urllib3.util.ssl_ import create_urllib3_context


def adapter(trusted: str | bool, server_name: str) -> HTTPAdapter:
    """``trusted``: a file or folder of CAs, or True. ``server_name``: empty where the host's is meant."""
    settings: dict[str, Any] = {}
    if server_name:
        settings |= {"server_hostname": server_name, "assert_hostname": server_name}
    if isinstance(trusted, str) and (folder := Path(trusted)).is_dir():
        settings["ssl_context"] = context = create_urllib3_context()
        for file in filter(Path.is_file, folder.iterdir()):  # Vault reads all; OpenSSL those that c_rehash has named
            with suppress(OSError):  # no certificate
                context.load_verify_locations(file)
    return _Adapter(settings)


class _Adapter(HTTPAdapter):
    def __init__(self, settings: dict[str, Any]) -> None:
        self._settings = settings
        super().__init__()

    def init_poolmanager(self, connections: int, maxsize: int, block: bool = False, **given: Any) -> None:
        super().init_poolmanager(connections, maxsize, block, **given, **self._settings)

    def proxy_manager_for(self, proxy: Any, **given: Any) -> Any:
        return super().proxy_manager_for(proxy, **given, **self._settings)

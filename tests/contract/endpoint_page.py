"""The files that docs/endpoint.md shows, by their names, and the programs among them behind a server."""

import re
import runpy
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

from tests.servers.http_servers import uvicorn_server, waitress_server

PAGE = (Path(__file__).parents[2] / "docs" / "endpoint.md").read_text()
FILES: dict[str, str] = dict(re.findall(r"^```python\n# (\w+\.py)\b.*?\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL))
PROGRAMS = ("app.py", "fastapi_app.py", "flask_app.py", "django_urls.py", "agency.py", "pywa_app.py")


@contextmanager
def program_server(name: str, folder: Path) -> Iterator[str]:
    """The URL of a program of the page, which is written to ``folder`` and has the environment of this process."""
    for file in ("handlers.py", name):
        (folder / file).write_text(FILES[file])
    app = _loaded(folder / name)
    with (uvicorn_server if name == "fastapi_app.py" else waitress_server)(app) as url:
        yield urljoin(url, "/flow")


def _loaded(program: Path) -> Any:
    """Its application. What it imported from its folder is forgotten, so that another folder's is imported next."""
    sys.path.insert(0, str(program.parent))
    try:
        return _django_project() if program.stem == "django_urls" else runpy.run_path(str(program))["app"]
    finally:
        sys.path.remove(str(program.parent))
        for module in ("handlers", "django_urls"):
            sys.modules.pop(module, None)


def _django_project() -> Any:
    """The smallest project, which has these URLs. A process can't configure Django twice."""
    settings = import_module("django.conf").settings
    if not settings.configured:
        settings.configure(ALLOWED_HOSTS=["*"], SECRET_KEY="of no session")
    settings.ROOT_URLCONF = import_module("django_urls")
    return import_module("django.core.wsgi").get_wsgi_application()

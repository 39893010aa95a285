"""Serves an application: `python -m tools.bench.servers HOST MODULE:FUNCTION`, where the function makes it."""

import importlib
import sys

from tools.bench.servers.hosts import HOSTS

if __name__ == "__main__":
    host, application = sys.argv[1:]
    module, _, function = application.partition(":")
    HOSTS[host](getattr(importlib.import_module(f"tools.bench.servers.{module}"), function))

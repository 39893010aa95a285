"""gunicorn's settings. It reads them in the service's folder, when it starts and when it is told to restart."""

from pathlib import Path

raw_env = Path("endpoint.env").read_text(encoding="utf-8").splitlines()
bind = f"127.0.0.1:{dict(line.split('=', 1) for line in raw_env)['PORT']}"
pythonpath = str(Path(__file__).parents[1] / "endpoint")
threads = 8
timeout = 120  # seconds: a worker that is silent on a busy machine is not dead
daemon = True
pidfile = "gunicorn.pid"
errorlog = "gunicorn.log"
capture_output = True
control_socket_disable = True

"""nginx as a server that costs next to nothing, so that what is measured without latency is the client.

It answers the token and every POST with a success of its own id, and keeps no record. `BENCH_NGINX` names the program;
without one, the Python server is used and the table says so.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from tests.bench.measure import Server, served

_CONFIG = """
daemon off; master_process off; worker_processes 1; pid {folder}/nginx.pid; error_log {folder}/error.log;
events {{ worker_connections 1024; }}
http {{
    access_log off; keepalive_requests 1000000000; keepalive_timeout 600s; client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi; uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi; default_type application/json;
    server {{
        listen 127.0.0.1:{port};
        location /oauth/token {{ return 200 '{{"access_token":"bench","token_type":"bearer","expires_in":3599}}'; }}
        location / {{
            add_header Zuora-Request-Id $request_id;
            return 200 '{{"success":true,"idList":["$request_id"]}}';
        }}
    }}
}}
"""


def program() -> str | None:
    """The path of nginx; None where there is none."""
    return shutil.which(os.environ.get("BENCH_NGINX", "nginx"))


@contextlib.contextmanager
def compiled_served(latency_seconds: float) -> Iterator[tuple[Server, str]]:
    """A server and what it is: nginx where it is installed and no latency is wanted, else the Python server."""
    nginx = program()
    if latency_seconds or nginx is None:
        with served(latency_seconds) as server:
            yield server, "Python server"
        return
    with tempfile.TemporaryDirectory(prefix="bench-nginx-") as name, socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        free.close()
        folder = Path(name)
        (folder / "nginx.conf").write_text(_CONFIG.format(folder=folder, port=port))
        with subprocess.Popen(
            [nginx, "-p", name, "-c", str(folder / "nginx.conf")], stderr=subprocess.DEVNULL
        ) as process:
            try:
                _wait_for(port)
                yield Server(f"http://127.0.0.1:{port}"), "nginx"
            finally:
                process.terminate()


def _wait_for(port: int) -> None:
    until = time.monotonic() + 10
    while time.monotonic() < until:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.05)
    raise RuntimeError("nginx does not answer")

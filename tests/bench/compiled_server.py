"""nginx as a server that costs next to nothing, so that what is measured is the client.

It answers the token and every POST with a success of its own id, after the latency that is wanted, and keeps no record.
nginx cannot wait by itself: the latency needs its echo module. Where one of the two is missing, the Python server is
used, and the tables say so and why.

- BENCH_NGINX: the program, if it is not `nginx` on the path;
- BENCH_NGINX_ECHO: the module's file, if it is not where Debian's libnginx-mod-http-echo has it.

`python -m tests.bench.compiled_server [--latency SECONDS]` serves until it is interrupted, and prints its address.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from tests.bench.measure import Server, served

# An internal redirect after the wait: `return` knows the length of its answer, `echo` would send it in chunks.
_CONFIG = """
daemon off; master_process off; worker_processes 1; pid {folder}/nginx.pid; error_log {folder}/error.log;
{modules}
events {{ worker_connections 1024; }}
http {{
    access_log off; keepalive_requests 1000000000; keepalive_timeout 600s; client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi; uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi; default_type application/json;
    server {{
        listen 127.0.0.1:{port};
        location /oauth/token {{ return 200 '{{"access_token":"bench","token_type":"bearer","expires_in":3599}}'; }}
        {locations}
    }}
}}
"""
_DONE = """add_header Zuora-Request-Id $request_id; return 200 '{"success":true,"idList":["$request_id"]}';"""
_ECHO = "/usr/lib/nginx/modules/ngx_http_echo_module.so"


def program() -> str | None:
    """The path of nginx; None where there is none."""
    return shutil.which(os.environ.get("BENCH_NGINX", "nginx"))


def echo_module() -> Path | None:
    """The module by which nginx waits; None where there is none."""
    path = Path(os.environ.get("BENCH_NGINX_ECHO", _ECHO))
    return path if path.is_file() else None


def missing(latency_seconds: float) -> str | None:
    """Why nginx cannot be the server; None where it can."""
    if program() is None:
        return "nginx is not installed"
    if latency_seconds and echo_module() is None:
        return "nginx has no echo module, so it cannot wait; Debian has it as libnginx-mod-http-echo"
    return None


@contextlib.contextmanager
def compiled_served(latency_seconds: float = 0.0) -> Iterator[tuple[Server, str]]:
    """A server and what it is: nginx where it is installed, else the Python server and why."""
    if (reason := missing(latency_seconds)) is not None:
        with served(latency_seconds) as server:
            yield server, f"Python server ({reason})"
        return
    with tempfile.TemporaryDirectory(prefix="bench-nginx-") as name, _nginx(Path(name), latency_seconds) as port:
        yield Server(f"http://127.0.0.1:{port}"), "nginx"


@contextlib.contextmanager
def _nginx(folder: Path, latency_seconds: float) -> Iterator[int]:
    """Its port. Raises RuntimeError with nginx's own words if it does not answer."""
    port = _free_port()
    (folder / "nginx.conf").write_text(_configuration(folder, port, latency_seconds))
    words = [program() or "nginx", "-p", str(folder), "-c", str(folder / "nginx.conf")]
    with subprocess.Popen(words, stderr=subprocess.PIPE, text=True) as process:
        try:
            if not _answers(port, process):
                process.kill()
                raise RuntimeError(f"nginx does not answer: {process.communicate()[1].strip() or 'no message'}")
            yield port
        finally:
            process.terminate()


def _configuration(folder: Path, port: int, latency_seconds: float) -> str:
    modules, locations = "", f"location / {{ {_DONE} }}"
    if latency_seconds:
        modules = f"load_module {echo_module()};"
        wait = f"echo_sleep {latency_seconds:.3f}; echo_exec @done;"
        locations = f"location / {{ {wait} }} location @done {{ {_DONE} }}"
    return _CONFIG.format(folder=folder, port=port, modules=modules, locations=locations)


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def _answers(port: int, process: subprocess.Popen[str]) -> bool:
    until = time.monotonic() + 10
    while time.monotonic() < until and process.poll() is None:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return True
        time.sleep(0.05)
    return False


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--latency", type=float, default=0.0)
    with compiled_served(parser.parse_args().latency) as (serving, kind):
        print(f"{serving.url} {kind}", flush=True)
        with contextlib.suppress(KeyboardInterrupt):
            signal.pause()

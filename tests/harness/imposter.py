"""A server on this machine that says what a test has it say: over http, or over https with a certificate of its own."""

from __future__ import annotations

import http.server
import json
import select
import shutil
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

GRANTED = {"access_token": "the-access-token", "token_type": "bearer", "expires_in": 3599}


@dataclass
class Response:
    """One answer."""

    status: int = 200
    body: Any = field(default_factory=lambda: {"success": True, "jobs": []})
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def content(self) -> bytes:
        if isinstance(self.body, bytes):
            return self.body
        return self.body.encode() if isinstance(self.body, str) else json.dumps(self.body).encode()


@dataclass
class Arrived:
    """One request as it came."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    passed: bytearray = field(default_factory=bytearray)  # through a tunnel, both ways


@dataclass
class Imposter:
    """A server and what it was asked."""

    url: str
    seen: list[Arrived]

    @property
    def calls(self) -> list[tuple[str, str]]:
        return [(one.method, one.path.partition("?")[0]) for one in self.seen]


class _Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_: Any) -> None: ...  # a client that does not trust us goes away


@contextmanager
def imposter(
    answer: Callable[[Arrived], Response] = lambda arrived: Response(),
    *,
    certificate: Path | None = None,
    skew: float = 0.0,
) -> Iterator[Imposter]:
    """A server whose tokens are good and whose other answers are these; `skew` is by how much its clock is ahead."""
    seen: list[Arrived] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answered(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            arrived = Arrived(self.command, self.path, dict(self.headers.items()), body)
            seen.append(arrived)
            response = answer(arrived)
            if arrived.path.endswith("/oauth/token") and response == Response():
                response = Response(200, GRANTED)
            self.send_response(response.status)
            content = response.content
            for name, value in {"Content-Length": str(len(content)), **response.headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        def do_GET(self) -> None:
            self.answered()

        def do_POST(self) -> None:
            self.answered()

        def do_PUT(self) -> None:
            self.answered()

        def date_time_string(self, timestamp: float | None = None) -> str:
            return super().date_time_string(time.time() + skew)

        def log_message(self, *_: Any) -> None: ...

    with _Server(("127.0.0.1", 0), Handler) as server:
        scheme = "http"
        if certificate is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
            scheme = "https"
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield Imposter(f"{scheme}://localhost:{server.server_port}", seen)
        finally:
            server.shutdown()
            thread.join()


def made_certificate(folder: Path, days: int = 90) -> Path:
    """A certificate for localhost and tenant.test that nobody has signed, and its key, in one file."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl makes the certificate")
    key, certificate = folder / "key.pem", folder / "certificate.pem"
    words = ["openssl", "req", "-x509", "-nodes", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"]
    words += ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,DNS:tenant.test", "-days", str(days)]
    words += ["-keyout", str(key), "-out", str(certificate)]
    subprocess.run(words, check=True, capture_output=True)
    both = folder / "both.pem"
    both.write_bytes(key.read_bytes() + certificate.read_bytes())
    return both


@contextmanager
def tunnelling() -> Iterator[Imposter]:
    """A proxy that opens tunnels (CONNECT), to this machine whatever the name, and what it saw of what went through."""
    seen: list[Arrived] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_CONNECT(self) -> None:
            seen.append(Arrived("CONNECT", self.path, dict(self.headers.items()), b""))
            port = int(self.path.rpartition(":")[2])
            with socket.create_connection(("127.0.0.1", port)) as far:
                self.send_response(200)
                self.end_headers()
                ends = {self.connection: far, far: self.connection}
                while True:
                    for ready in select.select(list(ends), [], [])[0]:
                        content = ready.recv(65_536)
                        if not content:
                            return
                        seen[-1].passed.extend(content)
                        ends[ready].sendall(content)

        def log_message(self, *_: Any) -> None: ...

    with _Server(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield Imposter(f"http://localhost:{server.server_port}", seen)
        finally:
            server.shutdown()
            thread.join()

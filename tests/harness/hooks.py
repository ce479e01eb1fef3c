"""A web hook and a Pushgateway on this machine."""

from __future__ import annotations

import http.server
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Hook:
    """A web hook on this machine, and what was posted to it."""

    url: str = ""
    received: list[Any] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)


@contextmanager
def hook(*statuses: int, **headers: str) -> Iterator[Hook]:
    """A web hook that answers with these, the last one again and again; headers with `_` for `-`."""
    kept, answers = Hook(), list(statuses or (200,))

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            kept.received.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            kept.paths.append(self.path)
            self.send_response(answers.pop(0) if len(answers) > 1 else answers[0])
            for name, value in headers.items():
                self.send_header(name.replace("_", "-"), value)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None: ...

    with _serving(Handler) as url:
        kept.url = f"{url}/services/T0/very-secret"
        yield kept


@dataclass
class Gateway:
    """A Pushgateway: the last content of each group, and how it came."""

    url: str = ""
    groups: dict[str, str] = field(default_factory=dict)
    methods: list[str] = field(default_factory=list)
    status: int = 200  # of what is pushed


@contextmanager
def gateway() -> Iterator[Gateway]:
    """As the Pushgateway's README has it: PUT replaces a group, GET /metrics shows all of them."""
    kept = Gateway()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_PUT(self) -> None:
            content = self.rfile.read(int(self.headers["Content-Length"])).decode()
            kept.methods.append(self.command)
            if kept.status < 300:
                kept.groups[self.path] = content
            self._answer(kept.status)

        do_POST = do_PUT  # noqa: N815 - so named by the library

        def do_GET(self) -> None:
            self._answer(200, "".join(kept.groups.values()).encode())

        def _answer(self, status: int, body: bytes = b"") -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None: ...

    with _serving(Handler) as url:
        kept.url = url
        yield kept


@contextmanager
def _serving(handler: type[http.server.BaseHTTPRequestHandler]) -> Iterator[str]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()

"""A command of the program, begun by a server of forks: `python -I -S forked.py SOCKET WORD...`.

It starts in a tenth of the time, since it imports little. Signals that it gets go to the command, and it ends as that
does; where it is killed, so is the command.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import struct
import sys

NUMBER = struct.Struct("!q")  # a length, a process id, a status as os.wait returns it


class Begun:
    """A command that a server has begun, with its process id."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        (self.pid,) = NUMBER.unpack(_exactly(connection, NUMBER.size))
        self._status: int | None = None

    def status(self, *, blocking: bool) -> int | None:
        """How it ended, as os.wait says it; None if it has not and that is not waited for."""
        if self._status is None:
            self._connection.setblocking(blocking)
            try:
                (self._status,) = NUMBER.unpack(_exactly(self._connection, NUMBER.size))
            except BlockingIOError:
                return None
            self._connection.close()
        return self._status


def begin(path: str, order: dict[str, object], streams: dict[int, int]) -> Begun:
    """Begin a command with these descriptors as its streams."""
    connection = socket.socket(socket.AF_UNIX)
    connection.connect(path)
    content = json.dumps(order | {"streams": list(streams)}).encode()
    socket.send_fds(connection, [NUMBER.pack(len(content))], list(streams.values()))
    connection.sendall(content)
    return Begun(connection)


def received(connection: socket.socket) -> tuple[dict[str, object], dict[int, int]]:
    """The order and the descriptors by stream, as `begin` sends them."""
    length, descriptors, _, _ = socket.recv_fds(connection, NUMBER.size, 3)
    order = json.loads(_exactly(connection, NUMBER.unpack(length)[0]))
    return order, dict(zip(order.pop("streams"), descriptors, strict=True))


def _exactly(connection: socket.socket, length: int) -> bytes:
    content = b""
    while len(content) < length:
        part = connection.recv(length - len(content))
        if not part:
            raise EOFError("the server of forks has gone")
        content += part
    return content


def main(path: str, *words: str) -> None:
    """Do what a process of the program would do."""
    streams = {fd: fd for fd in (0, 1, 2) if _is_open(fd)}
    begun = begin(path, {"words": words, "folder": os.getcwd(), "environment": dict(os.environ)}, streams)  # noqa: PTH109 - pathlib takes 10 ms
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda number, _: os.kill(begun.pid, number))
    code = os.waitstatus_to_exitcode(begun.status(blocking=True) or 0)
    if code < 0:
        signal.signal(-code, signal.SIG_DFL)
        os.kill(os.getpid(), -code)
    os._exit(code)


def _is_open(descriptor: int) -> bool:
    try:
        os.fstat(descriptor)
    except OSError:
        return False
    return True


if __name__ == "__main__":
    main(*sys.argv[1:])

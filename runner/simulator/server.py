"""The simulator as a server: in this process, in a thread of its own, or as a program."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import dataclasses
import ipaddress
import signal
import sys
import threading
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from aiohttp import web

from runner.simulator.clock import Clock
from runner.simulator.faults import FAULTS, PERMANENT
from runner.simulator.options import Options
from runner.simulator.query_faults import QUERY_FAULTS
from runner.simulator.simulator import Simulator

LOOPBACK = "127.0.0.1"
PORT = 9080
_SHUTDOWN_SECONDS = 0.2


@dataclass(frozen=True)
class Serving:
    """A simulator that listens at `url`."""

    url: str
    simulator: Simulator


@contextlib.asynccontextmanager
async def serving(
    options: Options | None = None,
    *,
    clock: Clock | None = None,
    host: str = LOOPBACK,
    port: int = 0,
    allow_remote: bool = False,
) -> AsyncIterator[Serving]:
    """A simulator in the running loop; port 0 takes a free one.

    Raises ValueError if the host is not this machine's own and `allow_remote` is not set, OSError if the port is taken.
    """
    if not (allow_remote or _is_loopback(host)):
        raise ValueError(f"host {host!r} can be reached from other machines; allow that explicitly or use {LOOPBACK}")
    simulator = Simulator(options, clock)
    runner = web.AppRunner(
        simulator.application(), access_log=None, auto_decompress=False, shutdown_timeout=_SHUTDOWN_SECONDS
    )
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port).start()
        yield Serving(_url(host, runner.addresses[0][1]), simulator)
    finally:
        await runner.cleanup()


@contextlib.contextmanager
def serving_in_thread(options: Options | None = None, *, clock: Clock | None = None) -> Iterator[Serving]:
    """A simulator with a loop in a thread of its own, for clients that block."""
    ready: Serving | None = None
    is_up, is_over = threading.Event(), asyncio.Event()
    loop = asyncio.new_event_loop()

    async def live() -> None:
        nonlocal ready
        async with serving(options, clock=clock) as ready:
            is_up.set()
            await is_over.wait()

    def work() -> None:
        try:
            loop.run_until_complete(live())
        finally:
            is_up.set()
            loop.close()

    thread = threading.Thread(target=work, name="simulator", daemon=True)
    thread.start()
    is_up.wait()
    if ready is None:
        raise RuntimeError("the simulator did not start")
    try:
        yield ready
    finally:
        loop.call_soon_threadsafe(is_over.set)
        thread.join()


async def serve(
    options: Options,
    host: str = LOOPBACK,
    port: int = PORT,
    on_ready: Callable[[str], None] | None = None,
    *,
    allow_remote: bool = False,
) -> int:
    """Serve until SIGTERM or SIGINT, and return 0. `on_ready` gets the URL. Errors as `serving` raises them."""
    # A second signal, while the first is obeyed, must not end the program before its files are removed.
    async with _until_signal() as over, serving(options, host=host, port=port, allow_remote=allow_remote) as served:
        (on_ready or announce)(served.url)
        await over.wait()
    return 0


@contextlib.asynccontextmanager
async def _until_signal() -> AsyncIterator[asyncio.Event]:
    """An event that SIGTERM and SIGINT set, while the context lasts; on Windows they end the program."""
    over, loop = asyncio.Event(), asyncio.get_running_loop()
    with contextlib.suppress(NotImplementedError):
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, over.set)
    try:
        yield over
    finally:
        with contextlib.suppress(NotImplementedError):
            for number in (signal.SIGTERM, signal.SIGINT):
                loop.remove_signal_handler(number)


def announce(url: str) -> None:
    """The first line on standard output."""
    print(f"listening on {url}", flush=True)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _url(host: str, port: int) -> str:
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


_LISTS = {"faults": "NAME=RATE", "fault_rules": "TEXT=NAME", "fault_paths": "PREFIX", "query_faults": "NAME=RATE"}
_LISTS |= {"denied_paths": "PREFIX", "templates": "TYPE=COLUMNS"}
_TYPES = {
    "state": Path,
    "outage": str,
    "client_id": str,
    "client_secret": str,
    "revenue_client_id": str,
    "revenue_client_secret": str,
}


def parser() -> argparse.ArgumentParser:
    """The command line, made out of the fields of `Options`."""
    faults = {name: fault.about for name, fault in FAULTS.items()} | _PERMANENT_ABOUT
    faults |= {name: fault.about for name, fault in QUERY_FAULTS.items()}
    made = argparse.ArgumentParser(
        prog="python -m runner.simulator",
        description="A local imitation of the Zuora API.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="faults:\n" + "\n".join(f"  {name:16} {about}" for name, about in faults.items()),
    )
    made.add_argument("--host", default=LOOPBACK, help="the address to listen at")
    made.add_argument("--port", type=int, default=PORT, help="the port; 0 takes a free one")
    made.add_argument("--allow-remote", action="store_true", help="allow a host that other machines can reach")
    for option in dataclasses.fields(Options):
        _add(made, option)
    return made


_PERMANENT_ABOUT = {name: f"permanent for the object: category {category}" for name, category in PERMANENT.items()}


def _add(made: argparse.ArgumentParser, option: dataclasses.Field[object]) -> None:
    name, about, default = option.name, option.metadata["help"], option.default
    if name in _LISTS:
        flag = "--" + name.removesuffix("s").replace("_", "-")
        made.add_argument(flag, action="append", dest=name, default=[], metavar=_LISTS[name], help=about)
        return
    flag = "--" + name.replace("_", "-")
    if isinstance(default, bool):
        made.add_argument(flag, action="store_true", help=about)
        return
    kind = _TYPES.get(name) or type(default)
    made.add_argument(flag, type=kind, default=default, choices=option.metadata["choices"], help=about)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the simulator as a program: 0 when a signal ends it, 2 if it cannot begin."""
    arguments = vars(parser().parse_args(argv))
    host, port, allow_remote = (arguments.pop(name) for name in ("host", "port", "allow_remote"))
    arguments["fault_paths"] = tuple(arguments["fault_paths"]) or Options.fault_paths
    try:
        return asyncio.run(serve(Options.from_arguments(**arguments), host, port, allow_remote=allow_remote))
    except (ValueError, OSError) as wrong:
        print(f"simulator: {wrong}", file=sys.stderr)
        return 2

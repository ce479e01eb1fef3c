"""Production asks, read-only forbids: what stands between a plan and what cannot be taken back."""

from __future__ import annotations

import io
import os
import sys
import threading

import pytest

from runner import cli
from runner.config.settings import Flags, gather
from runner.zuora import tenants
from tests.flows.test_flows import invoices, one, subscriptions


class Terminal(io.StringIO):
    """A keyboard at which somebody types."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def typing(monkeypatch):
    """`typing(text)`: there is a terminal, and this is typed; this machine counts as a production host."""

    def typed(text: str) -> None:
        monkeypatch.setattr("sys.stdin", Terminal(text))
        monkeypatch.setattr("runner.session.approval.at_terminal", lambda: True)

    monkeypatch.setattr(tenants, "PRODUCTION_HOSTS", frozenset({"127.0.0.1"}))
    return typed


def test_a_terminal_must_type_the_host_after_the_plan(tmp_path, regen, simulator, typing):
    """Anything else sends nothing; the host's name sends."""
    manifest = subscriptions(tmp_path / "s.csv", 3)
    with simulator() as server:
        for wrong in ("", "yes\n", "127.0.0.2\n"):
            typing(wrong)
            refused = regen("run", manifest, "--base-url", server.url, "--quiet")
            assert (refused.code, server.identities()) == (2, [])
            assert refused.err.index("POST …/booking-transaction") < refused.err.index("Type the host name (127.0.0.1)")
            assert "not confirmed; nothing was sent" in refused.err
        typing("127.0.0.1\n")
        done = regen("run", manifest, "--base-url", server.url, "--json")
        assert (done.code, done.document["counts"]["succeeded"]) == (0, 3)
        assert done.err.count("POST …/booking-transaction") == 3, "the plan is shown once"


@pytest.mark.parametrize(
    ("flags", "booking", "billing"),
    [
        ((), "OVERWRITTEN, and sent to Revenue (regenerate_flag N)", "not overwritten, and sent to Revenue (reg"),
        (
            ("--re-migrate",),
            "OVERWRITTEN, and sent to Revenue for re-coll",
            "OVERWRITTEN, and sent to Revenue for re-c",
        ),
        (
            ("--only-resend",),
            "not overwritten, and sent to Revenue again",
            "not overwritten, and sent to Revenue again",
        ),
    ],
)
def test_what_is_overwritten_is_named(tmp_path, regen, simulator, typing, flags, booking, billing):
    """In the plan and in the question, as Zuora's table of the two parameters has it."""
    manifests = [subscriptions(tmp_path / "s.csv", 2), invoices(tmp_path / "i.csv", 3)]
    lines = [f"booking transactions of 2 objects: {booking}", f"billing transactions of 3 objects: {billing}"]
    with simulator() as server:
        planned = regen("plan", *manifests, "--base-url", server.url, *flags)
        assert all(line in planned.out for line in lines)
        typing("no\n")
        done = regen("run", *manifests, "--base-url", server.url, *flags)
        assert all(done.err.count(line) == 2 for line in lines)
        assert server.identities() == []


def test_re_migrate_is_named_on_a_sandbox_too(tmp_path, regen):
    """In the plan; there is no question."""
    manifest = invoices(tmp_path / "i.csv", 1)
    planned = regen("plan", manifest, "--base-url", "http://127.0.0.1:1", "--re-migrate")
    assert "billing transactions of 1 object: OVERWRITTEN" in planned.out


def test_no_terminal_and_the_two_ways_to_say_so_before(tmp_path, regen, simulator, monkeypatch):
    """`--yes`, or the profile."""
    monkeypatch.setattr(tenants, "PRODUCTION_HOSTS", frozenset({"127.0.0.1"}))
    monkeypatch.setattr("sys.stdin", io.StringIO("127.0.0.1\n"))
    manifest = subscriptions(tmp_path / "s.csv", 1)
    with simulator() as server:
        assert regen("run", manifest, "--base-url", server.url).code == 2
        assert server.identities() == []
        assert regen("run", manifest, "--base-url", server.url, "--yes").code == 0
        (tmp_path / "regen.toml").write_text("default_profile = 'p'\n[profile.p]\nallow_production = true\n")
        assert regen("run", manifest, "--base-url", server.url, "--again").code == 0


@pytest.mark.parametrize("stdin", [None, io.StringIO("127.0.0.1\n"), Terminal("127.0.0.1\n")])
def test_nobody_to_ask(tmp_path, regen, monkeypatch, stdin):
    """No standard input, a pipe in its place, or a terminal whose questions go into a file: refused, in words."""
    monkeypatch.setattr(tenants, "PRODUCTION_HOSTS", frozenset({"127.0.0.1"}))
    monkeypatch.setattr("sys.stdin", stdin)
    refused = regen("run", subscriptions(tmp_path / "s.csv", 1), "--base-url", "http://127.0.0.1:9")
    assert (refused.code, "127.0.0.1:9 is production: use --yes" in refused.err) == (2, True)


@pytest.mark.skipif(sys.platform == "win32", reason="no such terminals")
class TestATerminal:
    """A real one: what a person sees on it, and what it takes."""

    def run(self, tmp_path, regen, monkeypatch, server, typed: str):
        """A run at a terminal at which somebody types; the exit code and all that was shown."""
        monkeypatch.setattr(tenants, "PRODUCTION_HOSTS", frozenset({"127.0.0.1"}))
        keyboard, terminal = os.openpty()
        termios = pytest.importorskip("termios")
        termios.tcsetwinsize(terminal, (24, 120))
        shown: list[bytes] = []

        def look() -> None:
            while not shown or b"the end" not in shown[-1]:
                shown.append(os.read(keyboard, 65_536))

        looking = threading.Thread(target=look)
        looking.start()
        manifest = subscriptions(tmp_path / "s.csv", 3)
        with os.fdopen(os.dup(terminal), "r") as stdin, os.fdopen(terminal, "w", buffering=1) as stderr:
            monkeypatch.setattr("sys.stdin", stdin)
            with monkeypatch.context() as patched:
                words = ["regen", "run", str(manifest), "--base-url", server.url, "--re-migrate"]
                patched.setattr("sys.argv", words)
                patched.setattr("sys.stderr", stderr)
                os.write(keyboard, typed.encode())
                with pytest.raises(SystemExit) as exit_:
                    cli.main()
            stderr.write("the end\n")
            looking.join()
        os.close(keyboard)
        return exit_.value.code, b"".join(shown).decode()

    def test_the_host_is_typed(self, tmp_path, regen, monkeypatch, simulator):
        """After the plan, after what is overwritten; then there is a bar."""
        with simulator() as server:
            code, shown = self.run(tmp_path, regen, monkeypatch, server, "127.0.0.1\n")
            assert (code, len(server.regenerations())) == (0, 3)
        order = ["POST …/booking-transaction", "PRODUCTION", "OVERWRITTEN", "Type the host name (127.0.0.1)", "3/3"]
        assert [word for word in order if word not in shown] == []
        assert shown.index(order[0]) < shown.index(order[1]) < shown.index(order[3]) < shown.index(order[4])

    def test_anything_else_is_typed(self, tmp_path, regen, monkeypatch, simulator):
        """`y` is no host name."""
        with simulator() as server:
            code, shown = self.run(tmp_path, regen, monkeypatch, server, "y\n")
            assert (code, server.identities()) == (2, [])
        assert "not confirmed; nothing was sent" in shown


def test_read_only_forbids_sending(tmp_path, regen, simulator):
    """Plans are made, nothing is sent, not even with --yes; the plan is sent later under another profile."""
    manifest = subscriptions(tmp_path / "s.csv", 2)
    (tmp_path / "regen.toml").write_text("[profile.look]\nread_only = true\n[profile.send]\n")
    with simulator() as server:
        base = ("--base-url", server.url)
        assert regen("plan", manifest, *base, "--profile", "look").code == 0
        for words in (("run", manifest), ("resume", one(tmp_path / "runs").name)):
            refused = regen(*words, *base, "--profile", "look", "--yes")
            assert refused.code == 2
            assert "profile 'look' is read_only" in refused.err
        assert server.identities() == []
        assert regen("run", manifest, *base, "--profile", "send").code == 0


async def test_the_last_door_is_shut_too(simulator):
    """Whatever asks: a read-only client sends no POST, PUT or DELETE but the token's; a GET it sends."""
    from runner.domain.errors import Refused
    from runner.zuora.auth import Credentials
    from runner.zuora.client import connected
    from runner.zuora.connection import Wire

    with simulator() as server:
        wire = Wire(server.url, Credentials("i", "s"), read_only=True)
        async with connected(wire) as client:
            token = await client.auth.token()
            headers = {"Authorization": f"Bearer {token.value}"}
            for method in ("POST", "PUT", "DELETE", "PATCH"):
                with pytest.raises(Refused, match="read_only"):
                    await client._session.request(method, f"{server.url}/v1/journal-runs", headers=headers)
            async with client._session.get(f"{server.url}/v1/uno/data-backfill/listjobs", headers=headers) as answer:
                assert answer.status == 200
        assert server.identities() == []


def test_settings_know_where_production_comes_from():
    """A tenant's kind told by the host alone does not make a guarded host of an unknown one."""
    assert gather(Flags(base_url="https://x.invalid"), {}).sources["tenant"] == "default"

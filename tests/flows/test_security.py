"""The promises of .github/SECURITY.md, one by one: what is secret, what is trusted, what cannot leave its place."""

from __future__ import annotations

import base64
import csv
import io
import json
import os
import re
import shlex
import socket
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path
from unicodedata import category
from urllib.parse import quote

import pytest

from runner.config.settings import Flags, gather
from runner.domain.errors import Refused
from runner.domain.model import Silence
from runner.runs.folder import RunFolder, folder
from runner.simulator import Options, serving_in_thread
from runner.zuora import client as zuora
from runner.zuora.auth import Credentials
from runner.zuora.client import connected
from runner.zuora.connection import Wire, trusted
from runner.zuora.jobs.result_file import ResultRefused, unpacked
from tests import ROOT
from tests.flows.test_flows import one, subscriptions
from tests.harness.hooks import hook
from tests.harness.imposter import GRANTED, Arrived, Response, imposter, made_certificate, tunnelling
from tests.harness.program import csv_rows, folders

POSIX = pytest.mark.skipif(os.name != "posix", reason="other permissions")
TOKEN = str(GRANTED["access_token"])
REGENERATE = "/v1/uno-regenerate/booking-transaction"


def containing(folder: Path, secrets: list[str]) -> list[str]:
    """The files below a folder, hidden ones too, in whose bytes a secret stands, plain or in a common encoding."""
    forms = [form.encode() for one in secrets for form in (one, quote(one, safe=""))]
    forms += [base64.b64encode(one.encode()).rstrip(b"=") for one in secrets]
    exposed = []
    for path in folder.rglob("*"):
        try:
            content = path.read_bytes() if path.is_file() else b""
        except FileNotFoundError:  # a draft that took its place meanwhile
            continue
        exposed += [f"{path.name}: {form!r}" for form in forms if form in content]
    return exposed


class TestSecrets:
    """Neither in a file, nor in a line that is printed, nor in a process listing."""

    ID, SECRET, HOOK = "client-id-5c1e8a70", "sEcret/with+signs=9f8a7b6c5d4e", "T0/B0/very-secret"

    @pytest.mark.skipif(not Path("/proc/self/cmdline").exists(), reason="no process listing to look into")
    def test_during_and_after_a_run(self, tmp_path):
        """`strings` over the folder and the listing of the process and its children, while it goes on and once it has
        ended: no secret, no token that was ever given out, no web hook."""
        manifest = subscriptions(tmp_path / "s.csv", 60, missing=1)
        seen = tmp_path / "seen"
        waiting = "import os, sys, time; [time.sleep(0.02) for _ in range(1000) if not os.path.exists(sys.argv[1])]"
        options = Options(client_secret=self.SECRET, latency=0.1, faults={"token-expired": 0.1})
        with serving_in_thread(options) as serving, hook() as hooked:
            environment = os.environ | {"PYTHONPATH": str(ROOT), "HOME": str(tmp_path)}
            environment |= {"ZUORA_CLIENT_ID": self.ID, "ZUORA_CLIENT_SECRET": self.SECRET}
            environment |= {"REGEN_NOTIFY": hooked.url.replace("T0/very-secret", self.HOOK)}
            words = [sys.executable, "-m", "runner", "run", str(manifest), "--base-url", serving.url, "--json"]
            words += ["--on-finish", shlex.join([sys.executable, "-c", waiting, str(seen)])]
            process = subprocess.Popen(
                words, cwd=tmp_path, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE
            )
            looks, listed, given = 0, "", set()
            while process.poll() is None:
                given |= set(serving.simulator.tokens._issued)
                listed += (now := listing(process.pid))
                if "time.sleep" in now.replace(shlex.join(words), "").replace(" ".join(words), ""):
                    seen.touch()  # the child was looked at: it may end
                assert containing(tmp_path / "runs", [self.SECRET, self.HOOK, *given]) == []
                looks += bool(folders(tmp_path / "runs"))
                time.sleep(0.05)
            out, err = (stream.decode() for stream in process.communicate())
        assert process.returncode == 3, err
        secrets = [self.SECRET, self.HOOK, *given]
        assert looks > 1
        assert len(given) > 1, "a token was refused, and another fetched"
        assert seen.exists(), "the child was looked at, too"
        assert containing(tmp_path, secrets) == []
        assert not [secret for secret in secrets if secret in out + err + listed]
        assert self.ID not in out + err + listed
        assert containing(tmp_path, [self.ID]) == []
        assert len(hooked.received) == 1

    def test_a_command_at_the_end_inherits_none(self, tmp_path, regen, simulator, monkeypatch):
        """Neither the usual variables nor those that the profile names."""
        monkeypatch.setenv("OTHER_SECRET", self.SECRET)
        monkeypatch.setenv("REGEN_NOTIFY", "https://127.0.0.1:9/" + self.HOOK)
        code = "import os, pathlib, sys; pathlib.Path(sys.argv[1] + '.env').write_text(repr(dict(os.environ)))"
        (tmp_path / "finish.py").write_text(code)
        config = f"[profile.p]\nclient_secret_env = 'OTHER_SECRET'\non_finish = '{sys.executable} finish.py'\n"
        (tmp_path / "regen.toml").write_text(config)
        monkeypatch.setattr("runner.notify.webhook.post", lambda url, content: None)
        with simulator() as server:
            done = regen("run", subscriptions(tmp_path / "s.csv", 1), "--base-url", server.url, "--profile", "p")
        assert done.code == 0
        assert (one(tmp_path / "runs") / "run.json.env").exists()
        assert containing(tmp_path / "runs", [self.SECRET, "test-secret", self.HOOK]) == []

    @pytest.mark.parametrize("shape", ["page", "message"])
    def test_a_server_that_shows_what_it_was_sent(self, tmp_path, regen, shape):
        """A proxy's page of errors, a message with the header in it: the token is masked before anything is kept."""

        def answer(arrived: Arrived) -> Response:
            if arrived.path != REGENERATE:
                return Response()
            if shape == "page":
                return Response(502, f"<html>{arrived.headers}</html>")
            reasons = [{"code": 53100340, "message": f"no: {arrived.headers['Authorization']}"}]
            return Response(200, {"success": False, "reasons": reasons})

        (tmp_path / "regen.toml").write_text("[profile.p.patience]\nattempts = 1\nbase_seconds = 0.01\n")
        with imposter(answer) as server:
            manifest = subscriptions(tmp_path / "s.csv", 2)
            done = regen("run", manifest, "--base-url", server.url, "--profile", "p", "--run-id", "it")
            assert any(one.headers.get("Authorization") == f"Bearer {TOKEN}" for one in server.seen)
        output = done.out + done.err + regen("show", "it", "--row", 1).out + regen("show", "it", "--json").out
        assert TOKEN not in output
        assert containing(tmp_path, [TOKEN, "test-secret"]) == []
        assert done.code == 3

    def test_a_proxys_password(self, tmp_path, regen, monkeypatch):
        """It is needed to get out, and told nowhere, also where the proxy refuses it."""
        with imposter(lambda arrived: Response(407)) as proxy:
            named = proxy.url.replace("http://", "http://someone:proxy-secret@")
            for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY"):
                monkeypatch.setenv(name, named)
            for name in ("no_proxy", "NO_PROXY"):
                monkeypatch.delenv(name, raising=False)
            for url in ("https://tenant.invalid", "http://127.0.0.1:9"):
                words = ("--base-url", url, "--outage-patience", 0.001)
                done = regen("run", subscriptions(tmp_path / f"s{len(url)}.csv", 1), *words)
                assert done.code == 4
                assert "proxy-secret" not in done.out + done.err
                assert "proxy-secret" not in regen("doctor", "--base-url", url).out
        assert containing(tmp_path, ["proxy-secret", "test-secret"]) == []

    def test_the_command_to_type_again_holds_no_web_hook(self, tmp_path, regen, simulator):
        """Under cron it would go into a mail."""
        with hook() as hooked, simulator() as server:
            manifest = subscriptions(tmp_path / "s.csv", 1)
            for word in (("--notify", hooked.url), (f"--notify={hooked.url}",)):
                done = regen("run", manifest, "--base-url", server.url, *word)
                done = regen("run", manifest, "--base-url", server.url, *word)
                assert "--again" in done.out
                assert "very-secret" not in done.out + done.err

    @pytest.mark.parametrize("value", ["'hush-hush' x", "['hush-hush']", "'hush-hush'"])
    def test_a_config_that_is_refused(self, tmp_path, value):
        """Whatever is wrong with it, the secret in it is not part of what is said."""
        path = tmp_path / "regen.toml"
        path.write_text(f"[profile.p]\nclient_secret = {value}\n")
        path.chmod(0o600)
        with pytest.raises(Refused) as refused:
            gather(Flags(config=str(path), profile="p", base_url="http://127.0.0.1:9"), {})
        assert "hush" not in str(refused.value)
        assert "hush" not in repr(refused.value.__cause__)


def listing(process: int) -> str:
    """What `ps` shows of a process and its children: their arguments."""
    text = ""
    for path in Path("/proc").glob("[0-9]*"):
        try:
            words = (path / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            parent = int((path / "stat").read_text().rpartition(")")[2].split()[1])
        except (OSError, IndexError):
            continue
        if process in (parent, int(path.name)):
            text += words + "\n"
    return text


class TestTransport:
    """The tenant is who it says it is, and nobody else gets what is meant for it."""

    def test_a_certificate_that_nobody_signed(self, tmp_path, regen, monkeypatch):
        """The run stops before a credential is sent; with the authority named it goes through."""
        both = made_certificate(tmp_path)
        manifest = subscriptions(tmp_path / "s.csv", 2)
        with imposter(answer_all, certificate=both) as server:
            words = ("run", manifest, "--base-url", server.url)
            stopped = regen(*words)
            assert (stopped.code, server.seen) == (4, [])
            assert "certificate" in stopped.err
            monkeypatch.setenv("SSL_CERT_FILE", str(both))
            assert regen(*words).code == 0
            assert len(server.seen) == 3

    def test_a_certificate_for_another_name(self, tmp_path, regen, monkeypatch):
        """A trusted authority is not enough."""
        both = made_certificate(tmp_path)
        monkeypatch.setenv("SSL_CERT_FILE", str(both))
        with imposter(answer_all, certificate=both) as server:
            url = server.url.replace("localhost", "127.0.0.1")
            stopped = regen("run", subscriptions(tmp_path / "s.csv", 2), "--base-url", url)
            assert (stopped.code, server.seen) == (4, [])

    def test_a_proxy_sees_nothing_of_it(self, tmp_path, regen, monkeypatch):
        """It opens a tunnel, for which it may want a password, and neither token nor secret nor body can be read in it;
        the doctor goes the same way."""
        both = made_certificate(tmp_path)
        monkeypatch.setenv("SSL_CERT_FILE", str(both))
        with imposter(answer_all, certificate=both) as server, tunnelling() as proxy:
            for name in ("https_proxy", "HTTPS_PROXY"):
                monkeypatch.setenv(name, proxy.url.replace("//", "//someone:proxy-secret@"))
            for name in ("no_proxy", "NO_PROXY"):
                monkeypatch.delenv(name, raising=False)
            url = server.url.replace("localhost", "tenant.test")
            assert regen("run", subscriptions(tmp_path / "s.csv", 2), "--base-url", url).code == 0
            assert regen("doctor", "--base-url", url).code == 0
            assert len(server.seen) == 3 + 3 + 6  # of the doctor: three, and six about data queries
        assert {one.path for one in proxy.seen} == {url.removeprefix("https://")}
        passed = b"".join(bytes(one.passed) for one in proxy.seen)
        assert len(passed) > 3000
        assert not [word for word in (TOKEN, "test-secret", "A-S000001") if word.encode() in passed]
        named = base64.b64encode(b"someone:proxy-secret").decode()
        assert {one.headers.get("Proxy-Authorization") for one in proxy.seen} == {f"Basic {named}"}
        assert not [one for one in proxy.seen if "Authorization" in one.headers]
        assert not [one for one in server.seen if "Proxy-Authorization" in one.headers]

    def test_nothing_switches_it_off(self, monkeypatch):
        """No setting, no variable; old protocols are not spoken."""
        import ssl

        monkeypatch.setenv("PYTHONHTTPSVERIFY", "0")
        context = trusted()
        assert context.verify_mode is ssl.CERT_REQUIRED
        assert context.check_hostname
        assert context.minimum_version >= ssl.TLSVersion.TLSv1_2
        sources = [path.read_text() for path in Path(zuora.__file__).parents[1].rglob("*.py")]
        assert not [text for text in sources if re.search(r"ssl\s*=\s*False|CERT_NONE|_create_unverified", text)]

    def test_plain_http_is_for_this_machine_alone(self):
        """Not even for a private network."""
        for url in ("http://rest.test.zuora.com", "http://10.0.0.1", "http://localhost.example"):
            with pytest.raises(Refused, match="plain http"):
                gather(Flags(base_url=url), {})

    @pytest.mark.parametrize(("where", "status"), [("token", 307), ("regenerate", 302), ("regenerate", 308)])
    def test_redirects_are_not_followed(self, tmp_path, regen, status, where):
        """Neither the secret nor the token goes to another host; the run stops."""
        with imposter(answer_all) as thief:
            elsewhere = Response(status, "", {"Location": f"{thief.url}/stolen"})
            with imposter(lambda arrived: elsewhere if where in arrived.path else answer_all(arrived)) as server:
                assert regen("run", subscriptions(tmp_path / "s.csv", 2), "--base-url", server.url).code == 4
            assert thief.seen == []

    async def test_a_file_by_plain_http_is_not_fetched(self):
        """Of a real tenant."""
        async with connected(Wire("https://rest.test.zuora.com", Credentials("i", "s"))) as client:
            answer = await client.download("http://127.0.0.1:9/file", io.BytesIO())
        assert isinstance(answer, Silence)
        assert answer.kind == "address"

    async def test_answers_of_any_size_are_capped(self, monkeypatch):
        """Bodies, tokens, files; packed ones too (see test_client)."""
        monkeypatch.setattr(zuora, "MAX_FILE_BYTES", 100_000)
        monkeypatch.setattr(zuora, "MAX_BODY_BYTES", 100_000)
        with imposter(
            lambda arrived: Response(200, b"x" * 1_000_000) if "token" not in arrived.path else Response()
        ) as server:
            async with connected(Wire(server.url, Credentials("i", "s"))) as client:
                kept = io.BytesIO()
                file = await client.download(f"{server.url}/file", kept)
                body = await client.ask("GET", "/v1/x", None, 100_000)
        assert isinstance(file, Silence) and isinstance(body, Silence)
        assert (file.kind, body.kind) == ("oversized", "oversized")
        assert len(kept.getvalue()) < 500_000
        with imposter(lambda arrived: Response(200, b" " * 1_000_000)) as server:
            async with connected(Wire(server.url, Credentials("i", "s"))) as client:
                token = await client.ask("GET", "/v1/x")
        assert isinstance(token, Silence)
        assert token.kind == "token"

    def test_a_message_without_end(self, tmp_path, regen):
        """Of megabytes in every answer some thousand characters are kept."""
        reasons = [{"code": 53100340, "message": "x" * 200_000}] * 10
        response = Response(200, {"success": False, "processId": "y" * 100_000, "reasons": reasons})
        with imposter(lambda arrived: response if arrived.path == REGENERATE else Response()) as server:
            done = regen("run", subscriptions(tmp_path / "s.csv", 5), "--base-url", server.url)
        assert done.code == 3
        run = one(tmp_path / "runs")
        assert len(csv_rows(run / "errors.csv")[0]["regen_error_message"]) == 8000
        assert sum(path.stat().st_size for path in run.iterdir()) < 700_000

    def test_netrc_is_not_read(self, tmp_path, regen, monkeypatch):
        """What stands there for the host does not take the token's place."""
        (tmp_path / ".netrc").write_text("machine localhost login me password netrc-secret\n")
        monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
        with imposter(answer_all) as server:
            assert regen("run", subscriptions(tmp_path / "s.csv", 1), "--base-url", server.url).code == 0
        assert [one.headers.get("Authorization") for one in server.seen] == [None, f"Bearer {TOKEN}"]

    def test_headers_that_are_no_text(self, tmp_path, regen):
        """Bytes that are no UTF-8 in a header end up as a sign in the results, and not in a fault."""
        response = Response(200, {"success": True, "idList": ["i"]}, {"Zuora-Request-Id": "r\x9b\xff"})
        with imposter(lambda arrived: response if arrived.path == REGENERATE else Response()) as server:
            done = regen("run", subscriptions(tmp_path / "s.csv", 2), "--base-url", server.url)
        assert done.code == 0
        (row, _) = csv_rows(one(tmp_path / "runs") / "results.csv")
        assert row["regen_request_id"].startswith("r�")


def answer_all(arrived: Arrived) -> Response:
    """A tenant that says yes."""
    return Response(200, {"success": True, "idList": ["id"]}) if arrived.path == REGENERATE else Response()


class TestPaths:
    """Names from outside stay in their folder; what is written is its owner's alone."""

    @pytest.mark.parametrize(
        "run",
        ["..", ".", "../x", "a/b", "a\\b", "/etc", ".hidden", "", "x" * 81, "a\x00b", "a\nb", "ü", "a b", "~root"],
    )
    def test_run_ids(self, tmp_path, regen, run):
        """Refused, wherever one is given; nothing is made."""
        with pytest.raises(Refused, match="run id"):
            folder(tmp_path, run)
        manifest = subscriptions(tmp_path / "s.csv", 1)
        refused = regen("plan", manifest, "--base-url", "http://127.0.0.1:9", f"--run-id={run}")
        assert refused.code == 2
        assert regen("show", "--", run).code == 2
        assert sorted(path.name for path in tmp_path.iterdir() if path.name != "runs") == ["s.csv"]

    def test_a_plans_name_is_no_path(self, tmp_path, regen):
        """The stem of the run id."""
        subscriptions(tmp_path / "s.csv", 1)
        plan = "name = '../../../evil'\n[[step]]\ndo = 'regenerate'\nmanifests = ['s.csv']\n"
        (tmp_path / "p.toml").write_text(plan)
        assert regen("plan", "p.toml", "--base-url", "http://127.0.0.1:9").code == 0
        assert one(tmp_path / "runs").name[11:].startswith("evil-")

    @pytest.mark.parametrize("member", ["../evil.csv", "/tmp/evil.csv", "a/../../evil.csv", "..\\evil.csv"])
    def test_members_of_archives(self, tmp_path, regen, member):
        """A manifest in a zip is read where it is, whatever its name; a result whose member is a path is refused."""
        archive = io.BytesIO()
        with zipfile.ZipFile(archive, "w") as packed:
            packed.writestr(member, "subscriptionName,subscriptionVersion\nA-S1,1\n")
        folder = tmp_path / "deep" / "er"
        folder.mkdir(parents=True)
        (folder / "m.zip").write_bytes(archive.getvalue())
        before = set(tmp_path.rglob("*"))
        regen("plan", folder / "m.zip", "--base-url", "http://127.0.0.1:9", "--runs-dir", tmp_path / "runs")
        made = {path for path in tmp_path.rglob("*") if (tmp_path / "runs") not in (path, *path.parents)}
        assert made == before
        assert not Path("/tmp/evil.csv").exists()
        with pytest.raises(ResultRefused):
            unpacked(archive.getvalue(), 10_000)

    @POSIX
    def test_what_is_written_is_its_owners_alone(self, tmp_path, regen, simulator):
        """Folders 0700 and files 0600, with a umask that would allow everything: of a run, of what comes after it, of
        the locks, of what is carried over to the next night."""
        old = os.umask(0)
        try:
            manifest = subscriptions(tmp_path / "s.csv", 4, missing=1)
            with simulator() as server:
                base = ("--base-url", server.url)
                regen("run", manifest, *base, "--run-id", "first")
                regen("run", manifest, *base, "--run-id", "second", "--retry-failed-from", "last", "--again")
                run = folders(tmp_path / "runs")[0].name
                for words in (("results", run), ("report", run), ("results", run, "--category", "data")):
                    assert regen(*words).code == 0
                assert regen("plan", subscriptions(tmp_path / "t.csv", 2), *base).code == 0
        finally:
            os.umask(old)
        modes = {path: path.lstat().st_mode & 0o777 for path in (tmp_path / "runs").rglob("*")}
        assert len(modes) > 30
        wrong = [f"{path.name} {mode:o}" for path, mode in modes.items() if mode != (0o700 if path.is_dir() else 0o600)]
        assert wrong == []

    @POSIX
    def test_a_config_that_others_have_written(self, tmp_path, regen, monkeypatch):
        """It says which commands are run and where credentials go: one that was only found is not trusted."""
        path = tmp_path / "regen.toml"
        path.write_text("[profile.p]\nbase_url = 'us-sandbox'\n")
        path.chmod(0o666)
        refused = regen("config")
        assert (refused.code, "chmod o-w" in refused.err) == (2, True)
        path.chmod(0o600)
        assert regen("config").code == 0
        monkeypatch.setattr("os.geteuid", lambda: path.stat().st_uid + 1)
        if path.stat().st_uid == 0:
            os.chown(path, 12345, -1)
        refused = regen("config")
        assert (refused.code, "belongs to another user" in refused.err) == (2, True)
        assert regen("config", "--config", path).code == 0, "it is named"

    def test_a_runs_folder_is_no_other_runs(self, tmp_path):
        """Two names, two folders."""
        assert folder(tmp_path, "a") == RunFolder(tmp_path / "a")


NASTY = "\x1b]0;owned\x07\x1b[2J\x9b31m\u202e\u2066\rrun it: finished\n  4 rows = 4 succeeded"
FORMULA = "=cmd|' /C calc'!A0"
SCRIPT = "<script>alert(1)</script><img src=x onerror=alert(1)>"


@pytest.fixture
def nasty(tmp_path, regen) -> Iterator[Path]:
    """A run whose manifest and whose server say what they should not, in every place that they can."""
    with (tmp_path / "m.csv").open("w", newline="", encoding="utf-8") as file:
        rows = [["subscriptionName", "subscriptionVersion", f"note {SCRIPT}"]]
        rows += [
            ["A-S1", "1", FORMULA],
            ["A-S2", "1", "\x1b[31m\u202e"],
            [f"A-{SCRIPT}", "1", "@SUM(1)"],
            ["A-S4", "1", "+1"],
        ]
        csv.writer(file).writerows(rows)

    def answer(arrived: Arrived) -> Response:
        if arrived.path != REGENERATE:
            return Response()
        named = json.loads(arrived.body)["subscriptionName"]
        if named == "A-S1":
            body = {"success": True, "idList": [f"{NASTY}{FORMULA}"], "processId": NASTY}
            return Response(200, body, {"Zuora-Request-Id": "\x9b31m=1+1"})
        body = {
            "success": False,
            "processId": NASTY,
            "reasons": [{"code": 53100340, "message": f"{FORMULA} {NASTY} {SCRIPT}"}],
        }
        return Response(200, body)

    with imposter(answer) as server:
        done = regen("run", "m.csv", "--base-url", server.url, "--run-id", "it")
        assert done.code == 3
        output = done.out + done.err
        for words in (
            ("show", "it"),
            ("show", "it", "--json"),
            *(("show", "it", "--row", row) for row in (1, 2, 3)),
            ("show", "it", "--row", 1, "--json"),
            ("show", "it", "--ticket"),
            ("runs",),
            ("runs", "--json"),
            ("reconcile", "it"),
            ("verify", "it"),
            ("diff", "it", "it"),
            ("plan", "m.csv", "--base-url", server.url, "--again"),
        ):
            done = regen(*words)
            output += done.out + done.err
    (tmp_path / "said.txt").write_text(output)
    yield tmp_path / "runs" / "it"


def test_nothing_steers_the_terminal(nasty, tmp_path):
    """Of all that was said about it: no escape, no control character, no turned direction, no forged line."""
    output = (tmp_path / "said.txt").read_text()
    assert "53100340" in output
    kinds = {category(character) for character in output if character not in "\n\t"}
    assert not kinds & {"Cc", "Cf", "Cs", "Zl", "Zp"}
    assert not re.search(r"^\s*run it: finished$(?!\n  4 rows = 1 succeeded)", output, re.MULTILINE)
    assert "\n  4 rows = 4 succeeded" not in output


def test_nothing_steers_it_from_the_log(nasty):
    """Whoever has run.log and run.json shown is as safe; as JSON they say what was said."""
    text = (nasty / "run.log").read_text() + (nasty / "run.json").read_text()
    assert not {category(character) for character in text if character != "\n"} & {"Cc", "Cf", "Cs", "Zl", "Zp"}
    settled = [json.loads(line) for line in (nasty / "run.log").read_text().splitlines() if "53100340" in line]
    assert {event["message"] for event in settled} == {f"{FORMULA} {NASTY} {SCRIPT}"}


def test_no_spreadsheet_runs_a_cell(nasty):
    """In results and errors; header, cells, ids, messages. Parquet keeps what was said."""
    for name in ("results.csv", "errors.csv"):
        with (nasty / name).open(newline="", encoding="utf-8") as file:
            cells = [cell for row in csv.reader(file) for cell in row]
        assert not [cell for cell in cells if cell.startswith(("=", "@", "\t", "\r"))]
        assert not [cell for cell in cells if cell.startswith(("+", "-")) and not cell[1:].isdecimal()]
    rows = csv_rows(nasty / "results.csv")
    assert rows[0][f"note {SCRIPT}"] == "'" + FORMULA
    assert json.loads(rows[0]["regen_id_list"]) == [f"{NASTY}{FORMULA}"]


def test_no_browser_runs_the_report(nasty):
    """What manifests and servers say is text in it, and nothing is fetched."""
    page = (nasty / "report.html").read_text()
    assert "<script" not in page.lower()
    assert "<img" not in page.lower()
    assert "&lt;script&gt;" in page
    kinds = {category(character) for character in page if character not in "\n\t"}
    assert not kinds & {"Cc", "Cs"}
    assert "\u202e" not in page


def test_an_extracts_formulas_stay_text(tmp_path, regen):
    """In what `reconcile --against` writes."""
    with imposter(
        lambda arrived: (
            Response(200, {"success": True, "idList": [FORMULA]}) if arrived.path == REGENERATE else Response()
        )
    ) as server:
        regen("run", subscriptions(tmp_path / "s.csv", 1), "--base-url", server.url, "--run-id", "it")
    (tmp_path / "extract.csv").write_text("id,updated_on\n@SUM(1),2020-01-01\n")
    done = regen("reconcile", "it", "--against", "extract.csv")
    assert done.code == 3
    written = "".join(path.read_text() for path in (tmp_path / "runs" / "it" / "after").rglob("*.csv"))
    cells = [cell for row in csv.reader(written.splitlines()) for cell in row]
    assert "'" + FORMULA in cells
    assert not [cell for cell in cells if cell.startswith(("=", "@"))]


class TestReadOnly:
    """`read_only = true`: no POST but the token's, by whatever command."""

    COMMANDS = (
        ("run", "s.csv"),
        ("resume", "planned"),
        ("backfill", "RatePlanCharge", "b.csv", "--no-template-check"),
        ("booking-dates",),
        ("journal-run", "--period", "Nov-2026", "--entry-date", "2026-11-30", "--transaction-type", "Invoice Item"),
        ("jobs", "stop", "JR-00000008"),
        ("jobs", "stop", "4028818a7c8a5e1d017c8a6f3b1a0001"),
        ("reconcile", "sent", "--query", "--profile", "look"),  # else it is the profile of the run
    )

    def test_every_command(self, tmp_path, regen):
        """Refused with exit 2, `--yes` or not; what reads goes on."""
        subscriptions(tmp_path / "s.csv", 2)
        (tmp_path / "b.csv").write_text("Id,Name\n8a1,x\n")
        (tmp_path / "regen.toml").write_text(
            "default_profile = 'look'\n[profile.look]\nread_only = true\n[profile.send]\n"
        )
        with imposter(answer_all) as server:
            base = ("--base-url", server.url)
            assert regen("run", "s.csv", *base, "--profile", "send", "--run-id", "sent").code == 0
            assert regen("plan", "s.csv", *base, "--run-id", "planned", "--if-unfinished", "new").code == 0
            server.seen.clear()
            for words in self.COMMANDS:
                yes = () if words[0] == "reconcile" else ("--yes",)
                refused = regen(*words, *base, *yes)
                assert (refused.code, "read_only" in refused.err) == (2, True), (words, refused.err)
            assert regen("jobs", *base).code == 0
            assert regen("doctor", *base).code == 0
            sent = {arrived for arrived in server.calls if arrived[0] != "GET"}
        assert sent <= {("POST", "/oauth/token")}


def test_the_model_is_written_down():
    """Every promise of the model names this file."""
    text = (ROOT / ".github" / "SECURITY.md").read_text("utf-8")
    assert "tests/flows/test_security.py" in text
    for word in ("SSL_CERT_FILE", "read_only", "0700", "0600", "credential_command", "redirect", "formula", "escape"):
        assert word in text, word


def test_only_this_machine_reaches_the_simulator():
    """It takes any credentials: it listens to other machines only where that is asked for."""
    with serving_in_thread(Options()) as serving:
        port = int(serving.url.rpartition(":")[2])
        for address in {info[4][0] for info in socket.getaddrinfo(socket.gethostname(), None, socket.AF_INET)}:
            if not str(address).startswith("127."):
                with socket.socket() as probe:
                    probe.settimeout(1)
                    assert probe.connect_ex((str(address), port)) != 0

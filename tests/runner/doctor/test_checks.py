"""`regen doctor`: each thing that can be wrong is found, and told with its remedy; nothing is sent to find it."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import pytest

from runner.doctor.storage import BYTES_A_ROW, CELL_COPIES, ground
from runner.system.filesystem import is_doubtful, is_network, kind_of_disk
from tests.flows.test_flows import one, subscriptions
from tests.harness.imposter import GRANTED, Response, imposter, made_certificate
from tests.harness.program import Done, simulated

LIST = "/v1/uno/data-backfill/listjobs"


def levels(done: Done) -> dict[str, str]:
    """The findings of `doctor --json`: name → level."""
    return {finding["name"]: finding["level"] for finding in done.document["findings"]}


def line_of(done: Done, name: str) -> str:
    """What was told of a finding, and its remedy."""
    return next(f"{one['told']} → {one['remedy']}" for one in done.document["findings"] if one["name"] == name)


def test_all_is_well(tmp_path, regen, simulator):
    """Every check has its line; exit 0; nothing but the token was posted, and the runs folder is as before."""
    manifest = subscriptions(tmp_path / "s.csv", 50)
    with simulator(client_id="test-id", client_secret="test-secret", tenant="production") as server:
        done = regen("doctor", manifest, "--base-url", server.url, "--json")
        shown = regen("doctor", manifest, "--base-url", server.url)
        assert server.identities() == []
    assert (done.code, done.document["ok"]) == (0, True)
    names = "config runs-folder disk manifests space proxy dns tls clock token permission concurrency limits"
    assert list(levels(done)) == names.split()
    assert "50 rows can be read" in line_of(done, "manifests")
    assert "50,000 a minute, 2,250,000 a hour" in line_of(done, "limits").replace("an hour", "a hour")
    assert shown.code == 0
    assert shown.out.splitlines()[-1] == "fit to run"
    assert {line[:4] for line in shown.out.splitlines()[:-1]} <= {"ok  ", "warn", "    "}
    assert not (tmp_path / "runs").exists()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["s.csv"]


def test_only_reading_is_done(regen):
    """GETs, and the POST that fetches a token; the question without a token comes first."""
    with imposter() as server:
        assert regen("doctor", "--base-url", server.url).code == 0
        assert server.calls == [("GET", LIST), ("POST", "/oauth/token"), ("GET", LIST)]
        assert "Authorization" not in server.seen[0].headers


def test_wrong_credentials_and_none(regen, simulator, monkeypatch):
    """Told apart, and exit 2."""
    with simulator(client_id="other") as server:
        done = regen("doctor", "--base-url", server.url, "--json")
        assert (done.code, levels(done)["token"]) == (2, "fail")
        assert "refused the client credentials (HTTP 401)" in line_of(done, "token")
        monkeypatch.delenv("ZUORA_CLIENT_ID")
        done = regen("doctor", "--base-url", server.url, "--json")
        assert (done.code, levels(done)["token"]) == (2, "fail")
        assert "set ZUORA_CLIENT_ID" in line_of(done, "token")


PAGE = "<!doctype html><title>Sign in to\nthe network</title><p>…"
DENIED = {"success": False, "reasons": [{"code": 53100310, "message": "No permission"}]}


@pytest.mark.parametrize(
    ("answer", "name", "level", "why"),
    [
        (Response(404, PAGE), "permission", "fail", "HTTP 404, a web page (Sign in to the network)"),
        (Response(200, PAGE), "permission", "fail", "check the base URL"),
        (Response(200, b"OK"), "permission", "fail", "no answer of the API"),
        (Response(302, "", {"Location": "http://elsewhere.invalid/"}), "permission", "fail", "HTTP 302"),
        (Response(403, DENIED), "permission", "fail", "HTTP 403: No permission → have an administrator"),
        (Response(401, DENIED), "token", "fail", "a fresh token is refused"),
        (Response(503, PAGE), "permission", "warn", "try again later"),
        (Response(200, {"success": False, "reasons": []}), "permission", "warn", "no reason given"),
        (Response(headers={"Concurrency-Limit-Limit": "20"}), "concurrency", "warn", "30 at once of 20"),
    ],
)
def test_what_the_tenant_answers(regen, answer, name, level, why):
    """Whatever it is, it is told in words, and only what would keep a run from going well is a failure."""
    with imposter(lambda arrived: answer if "listjobs" in arrived.path else Response()) as server:
        done = regen("doctor", "--base-url", server.url, "--json")
    assert (levels(done)[name], done.code) == (level, 2 if level == "fail" else 0)
    assert why in line_of(done, name)


def test_limits_that_are_not_those_of_the_kind(regen):
    """The tenant's headers against what `--tenant` promises."""
    lower_limits = Response(headers={"ratelimit-limit": "10000, 2500;w=60, 10000;w=86400"})
    with imposter(lambda arrived: lower_limits if "listjobs" in arrived.path else Response()) as server:
        for tenant, level in {"production": "warn", "api-sandbox": "ok", "none": "ok"}.items():
            done = regen("doctor", "--base-url", server.url, "--tenant", tenant, "--json")
            assert (levels(done)["limits"], done.code) == (level, 0)
            assert "2,500 a minute, 10,000 a day" in line_of(done, "limits")


def test_a_token_endpoint_that_is_none(regen):
    """A wrong path, a portal's page."""
    with imposter(lambda arrived: Response(404, PAGE)) as server:
        done = regen("doctor", "--base-url", server.url, "--json")
    assert (levels(done)["token"], done.code) == ("fail", 2)
    assert "HTTP 404" in line_of(done, "token")


def test_ids_that_the_tenant_does_not_take(tmp_path, regen):
    """Wrong ids are told from a missing permission by asking without them."""
    (tmp_path / "regen.toml").write_text("[profile.p]\nentity_ids = ['e9']\norg_ids = ['o1', 'o2']\n")

    def answer(arrived):
        wrong = {"success": False, "reasons": [{"code": 53100320, "message": "no such entity"}]}
        named = arrived.headers.get("Zuora-Entity-Ids") == "e9"
        return Response(400, wrong) if named and "listjobs" in arrived.path else Response()

    with imposter(answer) as server:
        done = regen("doctor", "--base-url", server.url, "--profile", "p", "--json")
        assert (levels(done)["ids"], done.code) == ("fail", 2)
        assert "entity ids e9 and org ids o1, o2" in line_of(done, "ids")
        assert "no such entity" in line_of(done, "ids")
    with imposter() as server:
        done = regen("doctor", "--base-url", server.url, "--profile", "p", "--json")
        assert (levels(done)["ids"], done.code) == ("ok", 0)


@pytest.mark.parametrize(
    ("skew", "level", "code"), [(20, "ok", 0), (600, "warn", 0), (-600, "warn", 0), (-9000, "fail", 2)]
)
def test_clocks_that_differ(regen, skew, level, code):
    """A minute is worth a word, an hour makes results untrue; ahead and behind are told apart."""
    with imposter(skew=skew) as server:
        done = regen("doctor", "--base-url", server.url, "--json")
    assert (levels(done)["clock"], done.code) == (level, code)
    assert ("behind" if skew > 0 else "ahead of") in line_of(done, "clock")


def test_a_host_without_address_and_one_that_is_silent(regen, monkeypatch):
    """What lies behind is not looked at."""
    done = regen("doctor", "--base-url", "https://tenant.invalid", "--json")
    assert (done.code, levels(done)["dns"]) == (2, "fail")
    assert "token" not in levels(done)
    done = regen("doctor", "--base-url", "http://127.0.0.1:9", "--json")
    assert (done.code, levels(done)["connection"]) == (2, "fail")
    assert "token" not in levels(done)


def test_a_certificate_that_nobody_signed(tmp_path, regen, monkeypatch):
    """Refused, before any credential is sent; accepted once it is named, with its time left."""
    both = made_certificate(tmp_path, days=5)
    with imposter(certificate=both) as server:
        done = regen("doctor", "--base-url", server.url, "--json")
        assert (done.code, levels(done)["tls"]) == (2, "fail")
        assert "SSL_CERT_FILE" in line_of(done, "tls")
        assert server.seen == []
        monkeypatch.setenv("SSL_CERT_FILE", str(both))
        done = regen("doctor", "--base-url", server.url, "--json")
        assert (done.code, levels(done)["tls"]) == (0, "warn")
        assert "TLSv1" in line_of(done, "tls")


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "LOCALHOST."])
def test_no_proxy_to_this_machine(tmp_path, regen, monkeypatch, host):
    """A proxy would get id and secret in clear text."""
    with imposter() as proxy, simulated() as server:
        url = server.url.replace("127.0.0.1", host)
        with monkeypatch.context() as patch:
            for name in ("http_proxy", "HTTP_PROXY"):
                patch.setenv(name, proxy.url)
            for name in ("no_proxy", "NO_PROXY"):
                patch.setenv(name, "")
            done = regen("doctor", "--base-url", url, "--json")
            assert regen("run", subscriptions(tmp_path / "s.csv", 2), "--base-url", url).code == 0
        assert levels(done)["proxy"] == "ok"
        assert proxy.seen == []
        assert len(server.regenerations()) == 2


def test_a_config_that_cannot_serve(tmp_path, regen):
    """The folder is looked at all the same."""
    (tmp_path / "regen.toml").write_text("[profile.p]\nbase_ulr = 'x'\n")
    done = regen("doctor", "--json")
    assert (done.code, levels(done)["config"]) == (2, "fail")
    assert "did you mean `base_url`" in line_of(done, "config")
    (tmp_path / "regen.toml").unlink()
    done = regen("doctor", "--json")
    assert levels(done)["config"] == "fail"
    assert levels(done)["runs-folder"] == "ok"


def test_a_blackout_is_reported(tmp_path, regen):
    """Open or closed."""
    windows = "['00:00-23:59 UTC', '23:59-00:00 UTC']"
    (tmp_path / "regen.toml").write_text(f"[profile.p]\nblackout = {windows}\n")
    with imposter() as server:
        done = regen("doctor", "--base-url", server.url, "--profile", "p", "--json")
    assert levels(done)["blackout"] == "warn"


def test_a_manifest_that_cannot_be_read(tmp_path, regen):
    """Named, with its line."""
    (tmp_path / "bad.csv").write_text("subscriptionId,subscriptionId\n1,2\n")
    with imposter() as server:
        done = regen("doctor", "bad.csv", "--base-url", server.url, "--json")
    assert (done.code, levels(done)["manifests"]) == (2, "fail")
    assert "bad.csv" in line_of(done, "manifests")


class TestGround:
    """The folder, its disk and the space."""

    @pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="root may write everywhere")
    def test_a_folder_that_cannot_be_written(self, tmp_path):
        tmp_path.chmod(0o500)
        assert next(iter(ground(tmp_path / "runs"))).level == "fail"
        tmp_path.chmod(0o700)

    def test_a_file_instead_of_a_folder(self, tmp_path):
        (tmp_path / "runs").write_text("")
        (finding,) = [each for each in ground(tmp_path / "runs") if each.name == "runs-folder"]
        assert (finding.level, "is not a folder" in finding.message) == ("fail", True)

    def test_no_space(self, tmp_path):
        free = shutil.disk_usage(tmp_path).free
        levels = {
            rows: next(f.level for f in ground(tmp_path, rows=rows) if f.name == "space")
            for rows in (1, int(free / BYTES_A_ROW * 0.75), int(free / BYTES_A_ROW * 2))
        }
        assert list(levels.values()) == ["ok", "warn", "fail"]

    def test_the_forecast_covers_what_a_run_takes(self, tmp_path, regen, simulator):
        """A finished run, its ledger counted twice: for its log."""
        manifest = subscriptions(tmp_path / "s.csv", 600)
        with simulator() as server:
            assert regen("run", manifest, "--base-url", server.url, "--quiet").code == 0
        folder = one(tmp_path / "runs")
        taken = sum(path.stat().st_size for path in folder.iterdir()) + (folder / "ledger.db").stat().st_size
        assert taken < 600 * BYTES_A_ROW + manifest.stat().st_size * CELL_COPIES

    MOUNTS = """22 1 8:1 / / rw - ext4 /dev/sda1 rw
23 22 0:50 / /net/share\\040one rw - nfs4 server:/x rw
24 22 0:51 / /mnt/home rw - fuse.sshfs me@there: rw
25 22 0:52 / /mnt/c rw - 9p drvfs rw
26 22 0:53 / /run rw - tmpfs tmpfs rw
27 26 0:54 / /run rw shared:1 - cifs //server/run rw
no such line
"""

    @pytest.mark.parametrize(
        ("path", "kind"),
        [
            ("/home/me", "ext4"),
            ("/net/share one/runs", "nfs4"),
            ("/mnt/home/runs", "fuse.sshfs"),
            ("/mnt/c/x", "9p"),
            ("/mnt/city", "ext4"),
            ("/run/x", "cifs"),
        ],
    )
    @pytest.mark.skipif(sys.platform == "win32", reason="other paths")
    def test_the_kind_of_disk(self, tmp_path, path, kind):
        """The innermost mount, and of two at one place the one on top."""
        mounts = tmp_path / "mountinfo"
        mounts.write_text(self.MOUNTS)
        assert kind_of_disk(Path(path), mounts) == kind

    def test_which_kinds_serve(self, tmp_path, monkeypatch):
        """Network disks do not; of some nobody knows."""
        assert is_network("nfs4") and is_network("cifs") and is_network("fuse.sshfs")
        assert not is_network("ext4") and is_doubtful("fuse.s3fs") and is_doubtful("9p")
        for kind, level in {"nfs4": "fail", "9p": "warn", "tmpfs": "warn", "apfs": "ok", None: "ok"}.items():
            monkeypatch.setattr("runner.doctor.storage.kind_of_disk", lambda folder, kind=kind: kind)
            assert next(f.level for f in ground(tmp_path) if f.name == "disk") == level
        assert kind_of_disk(tmp_path, tmp_path / "nowhere") is None


def test_a_plan_on_a_network_disk_says_so(tmp_path, regen, monkeypatch):
    """Where somebody plans who never asked the doctor."""
    monkeypatch.setattr("runner.cli.plan_text.kind_of_disk", lambda folder: "nfs4")
    planned = regen("plan", subscriptions(tmp_path / "s.csv", 1), "--base-url", "http://127.0.0.1:9")
    assert "is on a network disk (nfs4), where a ledger can be damaged: see `regen doctor`" in planned.out


def test_the_token_is_shown_nowhere(regen):
    """Nor is the secret."""
    with imposter() as server:
        done = regen("doctor", "--base-url", server.url)
    assert GRANTED["access_token"] not in done.out + done.err

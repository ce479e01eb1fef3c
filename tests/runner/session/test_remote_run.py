"""The whole flow on S3 as moto imitates it: conditional writes, LastModified, listing, published runs."""

from __future__ import annotations

import shutil

import pytest

from tests.flows.test_flows import subscriptions
from tests.harness.program import folders, simulated, table

pytest.importorskip("s3fs", reason="s3fs is not installed: pip install s3fs 'moto[server]'")
moto_server = pytest.importorskip("moto.server", reason="moto is not installed: pip install s3fs 'moto[server]'")


@pytest.fixture
def bucket(tmp_path, monkeypatch):
    """An empty bucket behind HTTP on this machine."""
    server = moto_server.ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    host, port = server.get_host_and_port()
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://{host}:{port}")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    import s3fs

    files = s3fs.S3FileSystem(skip_instance_cache=True)
    name = f"acme-{tmp_path.name[-30:].replace('_', '-')}"
    files.mkdir(name)
    try:
        yield f"s3://{name}/regen"
    finally:
        server.stop()


@pytest.mark.filterwarnings("ignore")  # of the client's own dependencies
def test_a_run_goes_on_elsewhere_and_is_published(tmp_path, regen, bucket):
    manifest = subscriptions(tmp_path / "s.csv", 40)
    with simulated() as server:
        words = ["run", manifest, "--base-url", server.url, "--remote", bucket, "--quiet"]
        assert regen(*words, "--runs-dir", tmp_path / "one", "--max-requests", "10").code == 5
        shutil.rmtree(tmp_path / "one")
        done = regen(*words, "--runs-dir", tmp_path / "two")
        assert done.code == 0, done.err
        assert "nothing was sent since" in done.err
        (folder,) = folders(tmp_path / "two")
        assert {row["regen_state"] for row in table(folder)} == {"succeeded"}
        assert server.arrivals() == 40
        assert (regen(*words, "--runs-dir", tmp_path / "three").code, server.arrivals()) == (0, 40)
        assert (folders(tmp_path / "three")[0] / "SHA256SUMS").read_bytes() == (folder / "SHA256SUMS").read_bytes()
    (run,) = regen("history", "--json", "--remote", bucket).document
    assert (run["run"], run["rows"]) == (folder.name, 40)
    assert f"ok      {folder.name}" in regen("verify", "--all", "--remote", bucket).out
    assert regen("find", table(folder)[0]["regen_object"], "--remote", bucket).code == 0


@pytest.mark.filterwarnings("ignore")
def test_a_bucket_that_is_not_there_is_refused_before_anything_is_sent(tmp_path, regen, bucket):
    manifest = subscriptions(tmp_path / "s.csv", 3)
    with simulated() as server:
        words = ["run", manifest, "--base-url", server.url, "--quiet"]
        missing = regen(*words, "--remote", "s3://nobody/regen")
        assert missing.code == 2 and "remote s3://nobody/regen: could not" in missing.err, missing.err
        assert server.arrivals() == 0

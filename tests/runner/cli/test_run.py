"""The command `regen run`."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tests.flows.test_flows import subscriptions

BROKEN = {
    "empty": b"",
    "header only": b"invoiceNumber\n",
    "duplicate header": b"invoiceNumber,note,note\nINV1,a,b\n",
    "ragged": b"invoiceNumber,note\nINV1,a\nINV2,b,c\n",
    "binary": bytes(range(256)) * 20,
    "wrong encoding": "invoiceNumber,note\nINV1,café\n".encode("latin-1"),
    "half a pair": b"subscriptionName,subscriptionVersion\nA-1,\n",
    "version 1.5": b"subscriptionName,subscriptionVersion\nA-1,1.5\n",
    "version 0": b"subscriptionName,subscriptionVersion\nA-1,0\n",
    "version one": b"subscriptionName,subscriptionVersion\nA-1,one\n",
    "unknown type": b"type,number\nInvoyce,INV1\n",
    "NUL in an identifier": b"invoiceNumber\nINV\x001\n",
    "no identifier": b"colour,size\nred,1\n",
    "truncated gzip": bytes.fromhex("1f8b0800000000000203cbccab") + b"\x00",
    "not really Parquet": b"invoiceNumber\nINV1\n",
    "quote left open": b'invoiceNumber,note\nINV1,"open\n',
    "id of what": b"id\n8ad0\n",
}


@pytest.mark.parametrize("what", BROKEN)
def test_broken_manifests_are_refused_in_words(tmp_path, regen, simulator, what):
    """Exit 2, the file named, nothing sent, no traceback."""
    suffix = {"truncated gzip": ".csv.gz", "not really Parquet": ".parquet"}.get(what, ".csv")
    manifest = tmp_path / f"broken{suffix}"
    manifest.write_bytes(BROKEN[what])
    with simulator() as server:
        refused = regen("run", manifest, "--base-url", server.url)
        assert (refused.code, server.identities()) == (2, [])
    assert manifest.name in refused.err


@pytest.mark.parametrize("runs", ["a.csv", "a.csv/deeper"])
def test_a_runs_folder_that_cannot_be(tmp_path, regen, runs):
    """It is named, with what to do."""
    manifest = subscriptions(tmp_path / "a.csv", 1)
    refused = regen("plan", manifest, "--base-url", "http://127.0.0.1:1", "--runs-dir", runs)
    assert refused.code == 2
    assert "choose another --runs-dir" in refused.err
    assert "a.csv: Not a directory; choose another --runs-dir" in regen("runs", "--runs-dir", "a.csv").err


NOT_NEEDED = (
    "runner.select",
    "runner.simulator",
    "runner.remote",
    "runner.zuora.data_query",
    "runner.audit.reconcile",
    "runner.history.object_history",
    "duckdb",
    "distributed",
    "fsspec",
    "prometheus_client",
    "python_calamine",
    "truststore",
    "tqdm",
    "xlsxwriter",
    "pyarrow.csv",
    "pyarrow.dataset",
)
MOST_MODULES = 256  # of ours: each is half a millisecond that a person waits


def test_a_first_run_loads_what_it_needs(tmp_path, simulator):
    """Nothing of other commands, and no library that only they use."""
    manifest = subscriptions(tmp_path / "a.csv", 4)
    with simulator() as server:
        words = ["run", str(manifest), "--base-url", server.url, "--runs-dir", str(tmp_path / "runs")]
        secrets = {"ZUORA_CLIENT_ID": "a", "ZUORA_CLIENT_SECRET": "b", "XDG_STATE_HOME": str(tmp_path / "state")}
        done = subprocess.run(
            [sys.executable, "-X", "importtime", "-m", "runner", *words],
            env={**os.environ, **secrets},
            capture_output=True,
            text=True,
            check=True,
        )
    loaded = [line.rpartition("|")[2].strip() for line in done.stderr.splitlines() if line.startswith("import time:")]
    assert "runner.session.session" in loaded
    assert not [name for name in loaded if name in NOT_NEEDED or name.startswith(tuple(f"{n}." for n in NOT_NEEDED))]
    assert len([name for name in loaded if name.partition(".")[0] in ("runner", "manifests")]) <= MOST_MODULES

"""Metrics as a file and in a Pushgateway: whole or not at all, escaped, with the last success kept."""

from __future__ import annotations

import pytest
from prometheus_client.parser import text_string_to_metric_families

from runner.notify import prometheus
from runner.notify.prometheus import NotPushed, Series, push, write
from tests.flows.test_flows import subscriptions
from tests.harness.hooks import gateway

ODD = 'a"b\\c\nd'


def values(text: str) -> dict[str, float]:
    """Metrics without their labels, as Prometheus itself reads them."""
    return {sample.name: sample.value for family in text_string_to_metric_families(text) for sample in family.samples}


def test_labels_are_escaped(tmp_path):
    file = tmp_path / "m.prom"
    write(file, Series(ODD), 0, 5.0, None)
    write(file, Series(ODD), 1, 6.0, None)
    (sample,) = [s for f in text_string_to_metric_families(file.read_text()) for s in f.samples if "exit" in s.name]
    assert (sample.labels, sample.value) == ({"name": ODD}, 1)
    assert values(file.read_text())["regen_last_success_timestamp_seconds"] == 5.0
    assert file.stat().st_mode & 0o777 == 0o644


def test_the_last_success_of_another_version_and_of_another_name(tmp_path):
    """Labels in another order, values without a point; a file that is not ours is replaced."""
    file = tmp_path / "m.prom"
    for text, success in (
        ('regen_last_success_timestamp_seconds{name="n",tenant="t",profile=""} 7\n', 7.0),
        ('regen_last_success_timestamp_seconds{name="other"} 7\n', 0.0),
        ("no metrics {{{\n", 0.0),
        ("", 0.0),
    ):
        file.write_text(text)
        write(file, Series("n", {"tenant": "t"}), 3, 9.0, None)
        assert values(file.read_text())["regen_last_success_timestamp_seconds"] == success


def test_a_failed_write_leaves_the_old_file(tmp_path, monkeypatch):
    file = tmp_path / "m.prom"
    write(file, Series("n"), 0, 5.0, None)
    before = file.read_text()
    monkeypatch.setattr(prometheus.Path, "replace", lambda *_: (_ for _ in ()).throw(OSError(28, "full")))
    with pytest.raises(OSError, match="full"):
        write(file, Series("n"), 1, 6.0, None)
    assert file.read_text() == before
    assert [path.name for path in tmp_path.iterdir()] == ["m.prom"]


def test_a_pushgateway_has_a_group_for_each_name(tmp_path):
    """Names with a slash in base64; empty labels left out; the last success comes from the gateway."""
    with gateway() as served:
        series = Series("n/1", {"tenant": "t", "profile": ""})
        push(served.url + "/", series, 0, 5.0, None)
        push(served.url, Series("m"), 3, 6.0, None)
        push(served.url, series, 1, 7.0, None)
        assert set(served.groups) == {"/metrics/job/regen/name@base64/bi8x/tenant/t", "/metrics/job/regen/name/m"}
        kept = values(served.groups["/metrics/job/regen/name@base64/bi8x/tenant/t"])
        assert (kept["regen_exit_code"], kept["regen_last_success_timestamp_seconds"]) == (1, 5)
        assert values(served.groups["/metrics/job/regen/name/m"])["regen_last_success_timestamp_seconds"] == 0
        served.status = 400
        with pytest.raises(NotPushed, match="HTTP 400"):
            push(served.url, series, 0, 8.0, None)
    with pytest.raises(NotPushed, match="Connect"):
        push(served.url, series, 0, 8.0, None)


def test_a_run_pushes_and_survives_a_gateway_that_is_gone(tmp_path, regen, simulator):
    manifest = subscriptions(tmp_path / "s.csv", 3, missing=1)
    with simulator() as server:
        with gateway() as served:
            assert regen("run", manifest, "--base-url", server.url, "--metrics", served.url).code == 3
        ((group, text),) = served.groups.items()
        assert group.startswith("/metrics/job/regen/name/s/tenant/127.0.0.1:")
        assert values(text)["regen_exit_code"] == 3 and "regen_needs_person" in values(text)
        done = regen("run", manifest, "--base-url", server.url, "--metrics", served.url)
    assert done.code == 3 and "the run is not affected" in done.err

"""What doctor says of a remote."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from runner.doctor.finding import Level
from runner.doctor.remote import remote_findings
from runner.remote.object_storage import ObjectStorage


class Bucket:
    """A bucket that answers some questions about itself."""

    def __init__(self, **answers: dict) -> None:
        self.answers = answers

    def call_s3(self, question: str, **bucket: str) -> dict:
        if question not in self.answers:
            raise PermissionError(question)
        return self.answers[question]


def names(url: str) -> list[tuple[str, str]]:
    return [(finding.name, finding.level.value) for finding in remote_findings(url)]


def test_a_folder_that_serves_and_one_that_does_not(tmp_path: Path):
    assert names(str(tmp_path / "r")) == [("remote", "ok")]
    if os.name == "posix":
        (tmp_path / "r").chmod(0o755)
        assert names(f"file://{tmp_path}/r") == [("remote", "ok"), ("remote-access", "warn")]
    (tmp_path / "file").write_text("")
    (finding,) = remote_findings(str(tmp_path / "file"))
    assert finding.level is Level.FAIL and "could not create" in finding.message


@pytest.mark.parametrize(
    ("answers", "warned"),
    [
        ({}, {"remote-encryption", "remote-access", "remote-versions"}),
        (
            {
                "get_bucket_encryption": {"ServerSideEncryptionConfiguration": {"Rules": [{}]}},
                "get_public_access_block": {"PublicAccessBlockConfiguration": {"BlockPublicAcls": True}},
                "get_bucket_versioning": {"Status": "Enabled"},
            },
            set(),
        ),
        (
            {
                "get_public_access_block": {
                    "PublicAccessBlockConfiguration": {"BlockPublicAcls": True, "IgnorePublicAcls": False}
                },
                "get_bucket_versioning": {"Status": "Suspended"},
            },
            {"remote-encryption", "remote-access", "remote-versions"},
        ),
    ],
)
def test_what_the_bucket_says_of_itself(answers, warned, tmp_path, monkeypatch):
    storage = ObjectStorage("s3://acme/regen", Bucket(**answers), "acme/regen")
    monkeypatch.setattr("runner.remote.storage.open_storage", lambda url: storage)
    monkeypatch.setattr("runner.remote.storage.storage_time", lambda storage: datetime.now(UTC))
    assert {name for name, level in names("s3://acme/regen") if level == "warn"} == warned

"""`make package`: build the sdist and, out of it, the wheel; install both into a clean environment and rehearse there.

Nothing of the checkout is on the path of what is tried: what is not in the package is missed here.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import venv
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
DIST = ROOT / "dist"
BIN = "Scripts" if os.name == "nt" else "bin"
MANIFEST = "subscriptionName,subscriptionVersion\nA-S00000001,1\nA-S00000002,1\n"


def main() -> None:
    """Build, install, try; ends at the first command that fails."""
    wheel, sdist = built()
    check_page(wheel)
    with tempfile.TemporaryDirectory(prefix="package-") as name:
        place = Path(name)
        venv.create(place / "venv", with_pip=True)
        for number, package in enumerate((wheel, sdist)):
            more = ["--force-reinstall", "--no-deps"] if number else []
            run(place / "venv" / BIN / "python", "-m", "pip", "install", "--quiet", *more, package)
            rehearse(place / "venv" / BIN / "regen", place / f"work-{number}")
            print(f"{package.name}: installs, and sends a rehearsal")


def built() -> tuple[Path, Path]:
    """The wheel and the sdist."""
    for old in DIST.glob("regeneration_runner-*"):
        old.unlink()
    run(sys.executable, "-m", "build", "--quiet", "--outdir", DIST, ROOT, stdout=subprocess.DEVNULL)
    (wheel,), (sdist,) = DIST.glob("*.whl"), DIST.glob("*.tar.gz")
    return wheel, sdist


def check_page(wheel: Path) -> None:
    """The package's page: where the repository is known, no link leads nowhere. Raises SystemExit."""
    address = os.environ.get("REPOSITORY_URL")
    with zipfile.ZipFile(wheel) as archive:
        (name,) = [name for name in archive.namelist() if name.endswith("/METADATA")]
        page = archive.read(name).decode()
    relative = [link for link in re.findall(r"\]\(([^)]+)\)", page) if not link.startswith("http")]
    if address and relative:
        sys.exit(f"links of the readme that lead nowhere on the package's page: {', '.join(relative)}")


def rehearse(regen: Path, work: Path) -> None:
    """A newcomer's first commands."""
    work.mkdir()
    (work / "subscriptions.csv").write_text(MANIFEST)
    run(regen, "--version", cwd=work)
    run(regen.with_name("regeneration-runner"), "--version", cwd=work, stdout=subprocess.DEVNULL)
    run(regen, "template", "Subscription", cwd=work, stdout=subprocess.DEVNULL)
    with subprocess.Popen([regen, "simulate", "--port", "0"], cwd=work, stdout=subprocess.PIPE, text=True) as simulator:
        try:
            assert simulator.stdout is not None
            url = simulator.stdout.readline().strip().removeprefix("listening on ")
            run(regen, "run", "subscriptions.csv", "--base-url", url, "--quiet", cwd=work)
        finally:
            simulator.terminate()
    (folder,) = (work / "runs").glob("*-subscriptions-*")
    assert (folder / "report.html").stat().st_size > 1000
    run(regen, "verify", folder.name, cwd=work, stdout=subprocess.DEVNULL)


def run(*words: str | Path, **options: object) -> None:
    """Run a command without the checkout on its path. Raises CalledProcessError."""
    environment = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "PYTHONHOME")}
    environment |= {"ZUORA_CLIENT_ID": "rehearsal", "ZUORA_CLIENT_SECRET": "rehearsal"}
    subprocess.run(list(map(str, words)), env=environment, check=True, **options)  # type: ignore[call-overload]


if __name__ == "__main__":
    main()

"""`python -m runner` is `regen`. SIGTERM and SIGHUP end it gracefully from here on, also while it is loading."""

from __future__ import annotations

import sys

from runner.system.runtime_tuning import whole_command
from runner.system.signals import Terminated, ignore_at_exit, install


def main() -> None:
    """The entry point: first the handlers of signals, then everything else."""
    ignore_at_exit()
    install()
    try:
        with whole_command():
            from runner.cli import main as command_line

            command_line()
    except Terminated:
        sys.exit(143)
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()

"""`python -m runner` is `regen`."""

from runner.cli import main

if __name__ == "__main__":
    main()

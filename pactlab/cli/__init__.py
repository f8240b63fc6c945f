"""The command `pactlab`."""

from pactlab.cli.main import main

__all__ = ["main"]

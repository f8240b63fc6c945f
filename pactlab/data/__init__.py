"""The kit's tables: find, load, describe, cite, verify, seal and rebuild them."""

from pactlab.data.cards import Card, card
from pactlab.data.checks import verify
from pactlab.data.faults import Fault
from pactlab.data.frames import load
from pactlab.data.package import root, tables
from pactlab.data.page import page
from pactlab.data.rebuilding import rebuild
from pactlab.data.sealing import seal
from pactlab.data.sources import Source, cite, source

__all__ = [
    "Card",
    "Fault",
    "Source",
    "card",
    "cite",
    "load",
    "page",
    "rebuild",
    "root",
    "seal",
    "source",
    "tables",
    "verify",
]

"""PactLab: a Jupyter teaching kit on Indo-Pacific cybersecurity policy."""

__version__ = "0.1.0"

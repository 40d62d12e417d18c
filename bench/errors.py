"""What can go wrong in a measurement, as types."""

from __future__ import annotations


class BenchError(Exception):
    """Base of everything that the benchmark raises on purpose."""


class ContenderFailed(BenchError):
    """A client that didn't start, didn't send, or didn't say what it had sent; with its words."""


class CountsDisagree(BenchError):
    """The client's count of delivered records is not the sink's: no number of that run counts."""


class SinkFailed(BenchError):
    """The sink didn't start or didn't report."""

"""A model of how a Kinesis on-demand stream takes traffic: what it throttles, and how it grows.

Pure: no clock, no I/O, no chance. The embedded stack and the simulator drive the same one.
"""

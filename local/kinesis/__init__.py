"""Kinesis' data plane for the embedded stack: what a stream takes, keeps, and hands out.

MiniStack keeps the streams' names, tags and settings. Their shards and records are here, because
they have to be split while they are written and read on afterwards, and throttled by the model.
"""

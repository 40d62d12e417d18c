"""Mutation testing of the worker's core: every small wrong change to it has to fail a test."""

"""An AWS inside this process, for the tests of what talks to it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber
from chalice.test import Client
from moto import mock_aws

import app
from chalicelib.history import Progress
from chalicelib.workflow import Workflow
from tests import control_plane
from tests.cloudwatch import Recorder
from tests.control_plane import STATE_MACHINE, client


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The control plane's environment and infrastructure, freshly made."""
    control_plane.use_environment(monkeypatch)
    with mock_aws():
        control_plane.make_infrastructure(monkeypatch)
        yield


@pytest.fixture
def http(aws: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:  # noqa: ARG001
    """The API's own address, so to say."""
    client("stepfunctions").create_state_machine(
        name=STATE_MACHINE, definition="{}", roleArn="arn:aws:iam::123456789012:role/states"
    )
    # moto without its interpreter makes a history up; the real thing is in tests/conformance.
    monkeypatch.setattr(Workflow, "progress", lambda *_: Progress((), None))
    with Client(app.app) as chalice:
        yield chalice.http


@pytest.fixture
def offline(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The API where AWS can't be reached: for what is to be answered without calling it."""
    control_plane.use_environment(monkeypatch)
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    control_plane.forget_clients()
    with Client(app.app) as chalice:
        yield chalice.http
    control_plane.forget_clients()


@pytest.fixture
def recorder(monkeypatch: pytest.MonkeyPatch) -> Iterator[Recorder]:
    """A CloudWatch that workers publish to."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    with Stubber(boto3.client("cloudwatch", region_name="us-east-1")) as stubber:
        yield Recorder(stubber)

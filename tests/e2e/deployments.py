"""What the tests of deploy.sh do: run it, kill it in the middle, call what it deployed, and look at
what there is, by asking each service itself rather than deployment/'s own inventory.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from local.platform import api_of
from local.stack import ROOT, EmbeddedStack
from tests.clients import client_of

SECONDS = 600
"""For three that wait for one another, on a slow machine."""


def environment(stack: EmbeddedStack, build: Path) -> dict[str, str]:
    return {
        **stack.client_environment,
        "BUILD_DIR": str(build),
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
    }


def deploy_sh(
    stack: EmbeddedStack, build: Path, *arguments: str, checkout: Path = ROOT
) -> subprocess.CompletedProcess[str]:
    """Runs a checkout's own deploy.sh, from a folder that has nothing to do with it."""
    return subprocess.run(
        ["bash", str(checkout / "deploy.sh"), *arguments],
        env=environment(stack, build),
        cwd="/",
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )


def killed(
    stack: EmbeddedStack,
    build: Path,
    *arguments: str,
    at: Callable[[str], bool],
    by: signal.Signals = signal.SIGKILL,
) -> int:
    """Runs deploy.sh and signals its process group at the line that `at` accepts; its exit code.

    Between the line and the signal it goes on: it may be past the next lines, or have ended with 0.
    """
    process = subprocess.Popen(
        ["bash", str(ROOT / "deploy.sh"), *arguments],
        env=environment(stack, build),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    assert process.stdout is not None
    said = []
    with process.stdout:
        for line in process.stdout:
            said.append(line)
            if at(line):
                os.killpg(process.pid, by)
                return process.wait(SECONDS)
    process.wait(SECONDS)
    raise AssertionError(f"it ended before it was interrupted:\n{''.join(said)}")


def call(
    stack: EmbeddedStack, url: str, method: str = "GET", body: object = None
) -> tuple[int, dict[str, Any]]:
    """Calls an API of the stack's, signed, as the account's root."""
    answer = api_of(stack, url).ask(method, "", body)
    return answer.status, answer.body


def url_in(output: str) -> str:
    """The API's address in what deploy.sh said."""
    return output.rpartition("API: ")[2].split()[0]


def listing(stack: EmbeddedStack) -> dict[str, list[str]]:
    """What each service used holds, whoever made it."""

    def listed(service: str, operation: str, key: str, **arguments: Any) -> list[Any]:
        pages = client_of(stack, service).get_paginator(operation).paginate(**arguments)
        return [entry for page in pages for entry in page[key]]

    def revisions(status: str) -> list[str]:
        return listed("ecs", "list_task_definitions", "taskDefinitionArns", status=status)

    clusters = listed("ecs", "list_clusters", "clusterArns")
    return {
        "stacks": [
            s["StackName"]
            for s in listed("cloudformation", "list_stacks", "StackSummaries")
            if s["StackStatus"] != "DELETE_COMPLETE"
        ],
        "streams": listed("kinesis", "list_streams", "StreamNames"),
        "clusters": clusters,
        "services": [
            arn
            for cluster in clusters
            for arn in listed("ecs", "list_services", "serviceArns", cluster=cluster)
        ],
        "definitions": revisions("ACTIVE") + revisions("INACTIVE"),
        "repositories": listed("ecr", "describe_repositories", "repositories"),
        "functions": listed("lambda", "list_functions", "Functions"),
        "apis": listed("apigateway", "get_rest_apis", "items"),
        "roles": listed("iam", "list_roles", "Roles"),
        "log groups": listed("logs", "describe_log_groups", "logGroups"),
        "state machines": listed("stepfunctions", "list_state_machines", "stateMachines"),
        "rules": listed("events", "list_rules", "Rules"),
        "alarms": listed("cloudwatch", "describe_alarms", "MetricAlarms"),
        "dashboards": listed("cloudwatch", "list_dashboards", "DashboardEntries"),
        "networks": [v for v in listed("ec2", "describe_vpcs", "Vpcs") if not v["IsDefault"]],
        "security groups": [
            group["GroupName"]
            for group in listed("ec2", "describe_security_groups", "SecurityGroups")
            if group["GroupName"] != "default"
        ],
    }


def present(stack: EmbeddedStack) -> dict[str, list[str]]:
    """The services that hold anything."""
    return {service: found for service, found in listing(stack).items() if found}

"""A stage: one deployment of the demo, and what everything in it is called. Pure.

All names are derived from the CloudFormation stack's, kinesis-demo-<stage>, so that stages share
nothing and each can be found, and removed, by name alone.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

TITLE = "Kinesis On-Demand Demo"
"""How the description of every stack of this demo begins, by which it is told from others."""


@dataclass(frozen=True)
class Stage:
    """One deployment in an account and region."""

    name: str
    application: str
    stack: str

    @property
    def api_function(self) -> str:
        """The Lambda function behind the API: Chalice names it <application>-<stage>."""
        return self.stack

    @property
    def controller_function(self) -> str:
        """The Lambda function that the workflow and the clean-up rule call."""
        return f"{self.stack}-controller"

    @property
    def functions(self) -> dict[str, str]:
        """Chalice's own names of the two functions, and Lambda's."""
        return {"controller": self.controller_function, "api_handler": self.api_function}

    @property
    def repository(self) -> str:
        """The worker image's ECR repository."""
        return f"{self.stack}-worker"

    @property
    def demo_prefix(self) -> str:
        """How the names of a demo's task definition family and fresh stream begin."""
        return f"{self.stack}-demo-"

    @property
    def tag(self) -> str:
        """How the value of the tag `aws-chalice` ends on a function of this stage."""
        return f":stage={self.name}:app={self.application}"

    @property
    def log_groups(self) -> tuple[str, ...]:
        """The log groups that this stage's parts write to.

        The last one is AWS's own: a cluster's Container Insights, where the account has them on.
        """
        return (
            *(f"/aws/lambda/{name}" for name in self.functions.values()),
            f"/ecs/{self.stack}-worker",
            f"/aws/vendedlogs/states/{self.stack}",
            f"/aws/ecs/containerinsights/{self.stack}/performance",
        )

    def owns(self, name: str, other_stacks: Collection[str] = ()) -> bool:
        """Whether a resource of this name is this stage's.

        `other_stacks` are those whose name begins as this one's does (stage `a` beside `a-b`).
        """
        if not _within(name, self.stack):
            return False
        longer = (stack for stack in other_stacks if stack.startswith(f"{self.stack}-"))
        return not any(_within(name, stack) for stack in longer)


def _within(name: str, stack: str) -> bool:
    return name == stack or name.startswith(f"{stack}-")

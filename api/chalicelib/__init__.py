"""What the control plane does: demos behind the API, and the controller behind the workflow.

A demo is one Step Functions execution. `demos` answers the API's four routes; `controller` answers
the workflow's tasks. Both reach AWS through four narrow doors: `workflow` (Step Functions), `fleet`
(ECS), `metrics` (CloudWatch) and `stream` (Kinesis), which `services` makes on first use. All that
can be decided without AWS is in pure modules: `plan`, `names`, `events`, `demo_state`, `history`,
`task_definition`, `report`.
"""

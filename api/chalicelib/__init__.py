"""What the control plane does: demos behind the API, and the controller behind the workflow.

A demo is one Step Functions execution. `starting` and `demos` answer the API's four routes;
`controller` answers the workflow's tasks and EventBridge; `cleanup` is what both do when a demo is
over. They reach AWS through a few narrow doors: `workflow` (Step Functions), `fleet` (ECS),
`metrics` (CloudWatch), `stream` and `commitment` (Kinesis), which `services` makes on first use.
All that can be decided without AWS is in pure modules: `plan`, `budget`, `stream_choice`,
`record_choice`, `names`, `events`, `demo_state`, `history`, `task_definition`, `report`, and for a
demo's cost `prices`, `usage`, `cost`.
"""

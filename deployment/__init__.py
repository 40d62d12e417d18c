"""How the demo gets onto AWS, or onto the embedded stack, and off it again: what deploy.sh runs.

`__main__` is the edge. What a stage is called is in `stage`, what the checkout says it should be in
`checkout` (with `template`, which renders infrastructure.yaml). `prerequisites` names what is
missing or in the way (`occupied`, `network`). `deploy` then goes step by step: `cloudformation`
makes the stack real; `image` builds and pushes the worker; `api_bundle` makes the copy of api/ that
`chalice deploy` works on, `chalice_record` sees to it that Chalice knows what is there, and
`cleanup_permission` lets the clean-up rule in. `spending` words the warning of an open API,
`dollars` reads the API's price file for it, `api_url` tells where the API is.

`inventory` finds everything of a stage by name (`functions` and `rest_apis` the parts that Chalice
made), `demos` what belongs to its demos; `destroy` removes it all, `status` shows it and `dry_run`
says what would change.

Nothing here knows which of the two it deploys to: boto3, and with it Chalice, reads
AWS_ENDPOINT_URL itself. (Only images, which an embedded AWS doesn't run, are left out there.)
"""

"""How the demo gets onto AWS, or onto the embedded stack: the steps of deploy.sh.

`prerequisites` names what the machine lacks. `template` renders infrastructure.yaml and
`infrastructure` makes it real through CloudFormation; its outputs are what everything after it
needs. `registry` lets docker push the worker's image. `api_bundle` makes the copy of api/ that
`chalice deploy` works on, with the outputs in its configuration, and `api_url` tells where the API
is afterwards.

Nothing here knows which of the two it deploys to: boto3, and with it Chalice, reads
AWS_ENDPOINT_URL itself.
"""

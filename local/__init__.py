"""The demo on one machine: an embedded AWS, what it lacks of the real one, and the demo's runner.

The embedded AWS: `stack` starts and ends it and deploys into it with deploy.sh. `server` is its
process, MiniStack on one port of 127.0.0.1; `gateway` stands before it and adds what `chalice
deploy` needs, `swagger` works out how. `agent` is ECS's other half: it runs `tasks` as processes,
and `tasklog` ships what they print. `platform` is all of that together.

The runner: `__main__` is the command line, `demo` the sequence from POST to proof, `background`
what stays up. It starts and follows demos as anybody does, with the package `client`. `ledgers`
collects what the workers say they sent, `reader` what is in the stream; `proof`, `timeline`,
`load` and `summary` judge.

Nothing outside this package knows of it.
"""

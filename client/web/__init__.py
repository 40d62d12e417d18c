"""The live page: a small server on this machine, and what it serves.

`server` listens on 127.0.0.1 and answers a browser; `guard` says whom; `key` is what it is asked
for. `files` are the page (page/) and its charts (vendor/); `relay` asks the API in the browser's
place, signed as the user, and no more often for ten tabs than for one. `workflow` is what the page
draws of the state machine, `command` what `kinesis-demo watch --web` does.
"""

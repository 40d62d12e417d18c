"""The command line client, `kinesis-demo`: speaks to a deployed API as anybody may, and shows it.

`__main__` is the edge and `arguments` its command line; `commands` has what each command does.
`place` tells where the API is and who calls it; `api` has its routes, `signing` signs the requests,
`refusal` explains a 403. `plans` makes a body for POST /demo, `watch` follows a demo to its end;
`show`, `tables` and `cost` word the answers, `console` prints.

It knows the API by its answers only: nothing here is shared with the code behind it.
"""

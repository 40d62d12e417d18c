"""The load generator: one ECS task that sends its share of a phase and accounts for every record.

One record's life, left to right; each step is a file of this package:

    generator → pacer → collector → sender ─▶ Kinesis
                           ▲          │
                           └─ retrier ◀┘ failed entries only      every step writes the ledger

`pipeline` wires the steps for one process, `pool` forks as many processes as there are CPUs,
`scoreboard` is where their ledgers live, so that a killed process takes no count with it.
"""

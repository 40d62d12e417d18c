"""`make bench`: what a record costs and how exact the pace is, side by side with the peers.

    contender (a process) ──HTTP or TLS──▶ sink (a process)
        │ CPU, memory: from outside           │ arrivals, record by record counted
        └──────────────▶ measure ◀────────────┘
                            │
    costs, pace, real, template: one section each ──▶ report, plot ──▶ docs/benchmarks.md

Every contender is measured by the same code from outside its process, over a window in its middle,
so that set-up is in nobody's number. A run in which sent and received counts differ fails.
"""

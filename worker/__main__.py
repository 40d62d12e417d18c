"""`python -m worker`: listens to signals first, since the rest takes half a second to import."""

from __future__ import annotations

import sys

from worker.stop import Stop


def main() -> int:
    stop = Stop()
    stop.listen()
    from worker.run import run

    return run(stop)


if __name__ == "__main__":
    sys.exit(main())

"""The floor of everything that sends through botocore: one finished body, sent again and again.

Nothing is made, encoded or read; what is left is botocore's own work for a call (signing, HTTP,
errors), by the client and the hooks that the worker uses.
"""

from __future__ import annotations

from bench.peers.frame import REGION, STREAM, read_order, report
from bench.peers.posts import posts
from worker.encoding import request_body
from worker.limits import MAX_RECORDS_PER_REQUEST
from worker.record import Record
from worker.sender import KinesisSender, kinesis_client


def main() -> None:
    order = read_order()
    ready = posts(order.post_bytes, MAX_RECORDS_PER_REQUEST)
    body = request_body(STREAM, [Record(post.data, post.partition_key, 0) for post in ready])
    client = kinesis_client(REGION, connections=1)
    KinesisSender(client, STREAM)  # gives the client its hooks
    delivered = 0
    while not order.over:
        client.put_records(StreamName=STREAM, Records=body)  # type: ignore[arg-type]
        delivered += len(ready)
    report(delivered)


if __name__ == "__main__":
    main()

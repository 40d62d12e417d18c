"""The peers, each as a process that sends as fast as it can until SIGTERM, then says what arrived.

    python -m bench.peers.<name> --bytes 300 [--aggregated]

Each is used as its documentation says, with its own limits on the rate lifted. Posts are made
before the start: what is measured is the sending alone. Last line of output: `{"delivered": …}`, in
user records that the stream's answers confirmed.
"""

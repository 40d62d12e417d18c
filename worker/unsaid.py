"""What no message may repeat: by what a request proves whose it is.

AWS explains a signature that doesn't match by the request as it saw it, session token included, and
whoever puts that explanation into a log puts the token there. Keys are shortened as everywhere; a
secret key is in no request, so in no answer. Pure.

The Lambda's zip and the client have this file by links, hence it imports the standard library only.
"""

from __future__ import annotations

import re

_TOKEN = re.compile(r"""(?i)(x-amz-security-token\W{1,8}(?:b['"])?)[\w+/=%.~-]+""")
_SIGNATURE = re.compile(r"(?i)(signature\W{1,8})[0-9a-f]{64}")
_KEY = re.compile(r"\b(A[KS]IA)[A-Z0-9]{8,}([A-Z0-9]{4})\b")


def without_proofs(text: str) -> str:
    """The text, also a piece of JSON or a URL, without tokens, signatures and whole keys."""
    return _KEY.sub(r"\1…\2", _SIGNATURE.sub(r"\1…", _TOKEN.sub(r"\1…", text)))

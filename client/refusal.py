"""Explains a 403: who was refused, why as far as it can be told, and what to try. Pure.

API Gateway names its reason in the header x-amzn-errortype (AWS re:Post knowledge center, "How do I
troubleshoot HTTP 403 errors from API Gateway?"); here is what each means to the person who called.
"""

from __future__ import annotations

import re

UNSIGNED = (
    "the request was not signed, as no AWS credentials were found: set AWS_PROFILE, or "
    "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or run `aws configure`"
)
_REASONS = {
    "MissingAuthenticationTokenException": (
        "there is no such route at this address: is the URL the API's own, as deploy.sh printed it?"
    ),
    "UnrecognizedClientException": (
        "AWS doesn't know this key: it was deleted, or is a temporary one without its session token"
    ),
    "ExpiredTokenException": "these credentials have run out: log in again",
    "InvalidSignatureException": (
        "the signature doesn't match: check the secret key, the region (--region) and this "
        "machine's clock"
    ),
    "IncompleteSignatureException": "a part of the signature is missing: check the credentials",
    "AccessDeniedException": (
        "this identity may not call the API: allow it execute-api:Invoke on the API"
    ),
}
_OTHER_ACCOUNT = (
    "the identity is of another account than the API, which takes requests of its own account "
    "only: choose a profile of that account"
)
_UNKNOWN = (
    "`aws sts get-caller-identity` tells whose credentials these are; is it the API's account?"
)
# "User: arn:aws:iam::111122223333:user/a is not authorized to perform: execute-api:Invoke on
# resource: arn:aws:execute-api:us-east-1:********3333:…": the API's account is masked.
_CALLER = re.compile(r"arn:[\w-]+:(?:iam|sts)::(\d{12}):")
_API = re.compile(r"arn:[\w-]+:execute-api:[\w-]+:[*\d]{8}(\d{4}):")


def explained(error_type: str, message: str, identity: str | None) -> str:
    """What a 403 means, in a line.

    `error_type` is the header x-amzn-errortype, `message` the answer's own, `identity` whose
    signature the request had; None if it had none.
    """
    if identity is None:
        return UNSIGNED
    name = error_type.partition(":")[0]
    reason = _REASONS.get(name, _UNKNOWN)
    caller, api = _CALLER.search(message), _API.search(message)
    if caller and api and not caller[1].endswith(api[1]):
        reason = _OTHER_ACCOUNT
    return f"signed with {identity}; {reason}"

"""A 403 is explained: who was refused, why, and what to try."""

import pytest

from client.refusal import UNSIGNED, explained

WHO = "key AKIA…WXYZ from the environment, for region us-east-1"
DENIED = (
    "User: arn:aws:iam::111122223333:user/a is not authorized to perform: execute-api:Invoke on "
    "resource: arn:aws:execute-api:us-east-1:********{}:abc123/api/GET/demo"
)


def test_a_request_without_credentials_says_how_to_give_some() -> None:
    said = explained("MissingAuthenticationTokenException", "Missing Authentication Token", None)
    assert said == UNSIGNED


@pytest.mark.parametrize(
    ("error_type", "says"),
    [
        ("MissingAuthenticationTokenException", "no such route"),
        ("UnrecognizedClientException", "doesn't know this key"),
        ("ExpiredTokenException", "log in again"),
        ("InvalidSignatureException", "check the secret key"),
        ("InvalidSignatureException:http://internal/", "check the secret key"),
        ("ForbiddenException", "aws sts get-caller-identity"),
        ("", "aws sts get-caller-identity"),
    ],
)
def test_the_reason_goes_with_the_identity(error_type: str, says: str) -> None:
    said = explained(error_type, "Forbidden", WHO)
    assert said.startswith(f"signed with {WHO}; ")
    assert says in said


def test_a_user_of_the_apis_own_account_lacks_permission() -> None:
    said = explained("AccessDeniedException", DENIED.format("3333"), WHO)
    assert "allow it execute-api:Invoke" in said


def test_a_user_of_another_account_is_told_so() -> None:
    said = explained("AccessDeniedException", DENIED.format("4444"), WHO)
    assert "another account" in said

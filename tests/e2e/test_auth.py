"""Who may call the API, where the AWS checks it: only users of its account with permission.

MiniStack without AUTH, as in the other tests, only wants a request to be signed.
"""

import pytest

from client.api import ApiError
from client.signing import Signer, with_key
from local.platform import LocalPlatform
from local.stack import REGION
from tests.e2e.demos import plan, proof, whole
from tests.e2e.identities import calling, resource, user

ROUTES = [
    ("POST", "/demo"),
    ("GET", "/demo"),
    ("GET", "/demo/none"),
    ("DELETE", "/demo/none"),
]
EVERYTHING = "*"


def statuses(platform: LocalPlatform, signer: Signer | None) -> set[int]:
    """How each route answers to this caller."""
    api = calling(platform, signer)
    body = {"phases": "none"}
    return {api.ask(method, path, body).status for method, path in ROUTES}


def test_an_unsigned_request_is_refused_also_where_signatures_are_not_checked(
    platform: LocalPlatform,
) -> None:
    assert statuses(platform, None) == {403}


def test_an_unsigned_request_is_refused(guarded: LocalPlatform) -> None:
    assert statuses(guarded, None) == {403}


def test_a_user_with_permission_is_let_in(guarded: LocalPlatform) -> None:
    assert statuses(guarded, user(guarded.stack, "allowed", [EVERYTHING])) == {200, 400, 404}


def test_a_user_without_permission_is_refused_and_told_so(guarded: LocalPlatform) -> None:
    nobody = user(guarded.stack, "nobody")
    assert statuses(guarded, nobody) == {403}
    with pytest.raises(ApiError, match=r"allow it execute-api:Invoke"):
        calling(guarded, nobody).list()


def test_a_user_may_be_let_read_and_nothing_else(guarded: LocalPlatform) -> None:
    reads = [resource(guarded, "GET", "/demo"), resource(guarded, "GET", "/demo/*")]
    reader = calling(guarded, user(guarded.stack, "reader", reads))
    assert [reader.ask(method, path).status for method, path in ROUTES] == [403, 200, 404, 403]


def test_a_wrong_secret_is_refused(guarded: LocalPlatform) -> None:
    key = user(guarded.stack, "forged", [EVERYTHING]).credentials.access_key
    assert key is not None
    forger = with_key(key, "not the secret", REGION)
    assert statuses(guarded, forger) == {403}
    with pytest.raises(ApiError, match="signature doesn't match"):
        calling(guarded, forger).list()


def test_a_key_that_nobody_has_is_refused(guarded: LocalPlatform) -> None:
    stranger = with_key("AKIAIOSFODNN7EXAMPLE", "a secret", REGION)
    assert statuses(guarded, stranger) == {403}
    with pytest.raises(ApiError, match="AWS doesn't know this key"):
        calling(guarded, stranger).list()


def test_a_request_that_was_changed_after_it_was_signed_is_refused(
    guarded: LocalPlatform, monkeypatch: pytest.MonkeyPatch
) -> None:
    signer = user(guarded.stack, "changed", [EVERYTHING])

    def sign_another(self: Signer, request: object) -> None:
        sign(self, request)  # type: ignore[arg-type]
        request.url += "?limit=1"  # type: ignore[attr-defined]

    sign = Signer.sign
    monkeypatch.setattr(Signer, "sign", sign_another)
    assert statuses(guarded, signer) == {403}


def test_another_account_gets_nowhere(guarded: LocalPlatform) -> None:
    """MiniStack finds no such API in the caller's account: 404, where AWS answers 403."""
    account = "111122223333"
    root = with_key(account, "test", REGION)
    foreigner = user(guarded.stack, "foreigner", [EVERYTHING], account=account)
    for signer in (root, foreigner):
        api = calling(guarded, signer)
        answers = [api.ask(method, path, {}) for method, path in ROUTES]
        assert {answer.status for answer in answers} <= {403, 404}
        assert not [a for a in answers if "error" in a.body], "the API itself answered"
    assert not [demo for demo in guarded.api.list()["demos"] if demo["status"] == "RUNNING"]


def test_a_whole_demo_runs_with_the_functions_held_to_their_roles(guarded: LocalPlatform) -> None:
    api = calling(guarded, user(guarded.stack, "starter", [EVERYTHING]))
    demo_id = api.start(plan(seconds=(2, 2, 2, 2)))["demoId"]
    summary = proof(guarded, demo_id)
    whole(summary)
    assert summary.generated > 0
    assert api.stop(demo_id)["status"] == "SUCCEEDED"

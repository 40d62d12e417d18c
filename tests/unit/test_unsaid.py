"""No message repeats what a request proves its sender by; all else of it stays."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.unsaid import without_proofs as of_the_functions
from client.unsaid import without_proofs as of_the_client
from worker.unsaid import without_proofs

TOKEN = "IQoJb3JpZ2luX2VjEBAaCXVzLWVhc3QtMSJ+/a=="  # noqa: S105 # pragma: allowlist secret, made up
KEY = "ASIA" + "Z7Q4X9T2M6V3B8K5"
SIGNATURE = "0123456789abcdef" * 4
EXPLAINED = (
    "The request signature we calculated does not match the signature you provided. The Canonical "
    f"String should have been\n'POST\n/\n\nhost:kinesis\nx-amz-security-token:{TOKEN}\n\nhost'\n"
    f"Credential={KEY}/20260101/us-east-1, Signature={SIGNATURE}"
)
PROOFS = (TOKEN, KEY, SIGNATURE)


@pytest.mark.parametrize(
    "text",
    [
        EXPLAINED,
        json.dumps({"message": EXPLAINED}),
        json.dumps(json.dumps({"message": EXPLAINED})),
        json.dumps({"X-Amz-Security-Token": TOKEN, "key": KEY, "Signature": SIGNATURE}),
        repr({"x-amz-security-token": TOKEN.encode(), "a": KEY, "signature": SIGNATURE}),
        f"https://a/?X-Amz-Credential={KEY}%2F1&X-Amz-Security-Token={TOKEN.replace('/', '%2F')}"
        f"&X-Amz-Signature={SIGNATURE}",
    ],
)
def test_tokens_signatures_and_whole_keys_are_left_out(text: str) -> None:
    said = without_proofs(text)
    assert not [proof for proof in (*PROOFS, TOKEN[:20]) if proof in said]
    assert "ASIA…B8K5" in said


def test_what_explains_a_refusal_is_left_in() -> None:
    said = without_proofs(EXPLAINED)
    assert said.startswith("The request signature we calculated does not match")
    assert "host:kinesis\nx-amz-security-token:…\n\nhost'" in said
    assert json.loads(without_proofs(json.dumps({"a": EXPLAINED})))["a"] == said


@given(st.text())
def test_other_texts_stay_as_they_are(text: str) -> None:
    plain = text.replace("AKIA", "").replace("ASIA", "")
    assert without_proofs(plain) == plain


def test_functions_and_client_have_the_same_file() -> None:
    assert of_the_functions.__code__ == of_the_client.__code__ == without_proofs.__code__

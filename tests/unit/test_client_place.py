"""Where the API is and who calls it: asked for by name first, then the environment, then here."""

import json
from pathlib import Path
from typing import Any

import pytest
from botocore.awsrequest import AWSRequest

from client import api, place
from client.place import UnknownApi, caller, find
from client.signing import with_key

ON_AWS = "https://abc123.execute-api.eu-west-1.amazonaws.com/api"


@pytest.fixture
def build(tmp_path: Path) -> Path:
    """Two stages that deploy.sh deployed."""
    for stage in ("production", "trial"):
        record = tmp_path / stage / "api/.chalice/deployed" / f"{stage}.json"
        record.parent.mkdir(parents=True)
        url = f"https://{stage}.execute-api.us-east-1.amazonaws.com/api/"
        api = {"resource_type": "rest_api", "rest_api_id": stage, "rest_api_url": url}
        record.write_text(json.dumps({"resources": [api]}))
    return tmp_path


@pytest.fixture
def user(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Somebody with a key in the environment and no region."""
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLEEXAMPLE00")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "a secret")
    return monkeypatch


def test_the_url_comes_first_then_the_stage_then_the_environment_then_production(
    build: Path,
) -> None:
    environment = {"BUILD_DIR": str(build), place.URL_VARIABLE: "https://by.variable/api"}
    assert find(ON_AWS, "trial", environment) == ON_AWS
    assert (
        find(None, "trial", environment) == "https://trial.execute-api.us-east-1.amazonaws.com/api"
    )
    assert find(None, None, environment) == "https://by.variable/api"
    del environment[place.URL_VARIABLE]
    assert find(None, None, environment).startswith("https://production.")


def test_an_api_that_was_never_deployed_here_has_to_be_named(tmp_path: Path) -> None:
    with pytest.raises(UnknownApi, match=r"stage 'gone'.+--url.+deploy\.sh --stage gone"):
        find(None, "gone", {"BUILD_DIR": str(tmp_path)})


@pytest.mark.parametrize("text", ["", '{"resour', "{}", '{"resources": [{}]}', "[]", "null"])
def test_a_record_that_was_cut_short_is_no_traceback(build: Path, text: str) -> None:
    (build / "trial/api/.chalice/deployed/trial.json").write_text(text)
    with pytest.raises(
        UnknownApi, match=r"--url.+trial\.json can't be read: `deploy\.sh"
    ) as caught:
        find(None, "trial", {"BUILD_DIR": str(build)})
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("url", ["abc", "ftp://x/y", "https://", "//x/y"])
def test_what_is_no_url_is_refused(url: str) -> None:
    with pytest.raises(UnknownApi, match="is no URL"):
        find(url, None, {})


def test_the_region_is_the_addresss_own_unless_said_otherwise(user: pytest.MonkeyPatch) -> None:
    def region(url: str, said: str | None = None) -> str:
        found = caller(url, said)
        assert found is not None
        return found.region

    assert region(ON_AWS) == "eu-west-1"
    assert region(ON_AWS, "eu-west-2") == "eu-west-2"
    assert region("https://demo.example.com") == "us-east-1"
    user.setenv("AWS_REGION", "ap-south-1")
    assert region("https://demo.example.com") == "ap-south-1"
    assert region(ON_AWS) == "eu-west-1"


def test_without_credentials_nobody_signs(user: pytest.MonkeyPatch) -> None:
    user.delenv("AWS_ACCESS_KEY_ID")
    assert caller(ON_AWS, None) is None


def test_a_signature_is_for_api_gateway_in_the_region_and_carries_a_session(
    user: pytest.MonkeyPatch,
) -> None:
    user.setenv("AWS_SESSION_TOKEN", "a session")
    signer = caller(ON_AWS, None)
    assert signer is not None
    request = AWSRequest(method="GET", url=f"{ON_AWS}/demo")
    signer.sign(request)
    scope = request.headers["Authorization"].split("Credential=")[1].split(",")[0].split("/")
    assert scope[0] == "AKIDEXAMPLEEXAMPLE00"
    assert scope[2:] == ["eu-west-1", "execute-api", "aws4_request"]
    assert request.headers["X-Amz-Security-Token"] == "a session"


def test_a_signer_is_described_without_its_secret_or_its_whole_key() -> None:
    described = with_key("AKIDEXAMPLEEXAMPLE00", "a secret", "us-east-1").described
    assert described == "key AKID…LE00 from this program, for region us-east-1"


def test_certificates_are_checked_as_the_aws_tools_check_them(
    user: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    config = tmp_path / "config"
    config.write_text("[default]\nca_bundle = by.config\n")
    for name in ("AWS_CA_BUNDLE", "REQUESTS_CA_BUNDLE"):
        user.delenv(name, raising=False)
    checked: list[Any] = []
    user.setattr(api, "URLLib3Session", lambda verify, **_: checked.append(verify))

    def certificates(url: str = ON_AWS) -> Any:
        api.DemoApi(url, None)
        return checked.pop()

    assert certificates() is True
    user.setenv("REQUESTS_CA_BUNDLE", "by.requests")
    assert certificates() == "by.requests"
    user.setenv("AWS_CONFIG_FILE", str(config))
    assert certificates() == "by.config"
    user.setenv("AWS_CA_BUNDLE", "by.environment")
    assert certificates() == "by.environment"
    user.setenv("AWS_PROFILE", "nobody")  # which matters to nobody who needs no certificate
    assert certificates("http://127.0.0.1:4566/x") is True


def test_no_proxy_stands_before_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://proxy:1")
    monkeypatch.setenv("https_proxy", "http://proxy:1")
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    assert api._proxies("http://127.0.0.1:4566/x") == {}
    assert api._proxies("http://localhost:4566/x") == {}
    assert api._proxies(ON_AWS)["https"] == "http://proxy:1"

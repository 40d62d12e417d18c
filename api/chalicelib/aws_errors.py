"""What an AWS error means to a caller of the API: wait, ask for access, deploy, or report it. Pure
but for botocore's types.
"""

from __future__ import annotations

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    HTTPClientError,
    NoCredentialsError,
    PartialCredentialsError,
)
from botocore.exceptions import ConnectionError as BotoConnectionError

from chalicelib.errors import AwsDenied, AwsRefused, AwsThrottled, AwsUnavailable, DemoError

# The throttling codes that botocore's standard retry mode knows (botocore.retries.standard), and
# Step Functions' own two (botocore: StartExecution, DescribeExecution).
_THROTTLED = frozenset(
    {
        "Throttling",
        "ThrottlingException",
        "ThrottledException",
        "RequestThrottledException",
        "RequestThrottled",
        "TooManyRequestsException",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "BandwidthLimitExceeded",
        "LimitExceededException",
        "SlowDown",
        "PriorRequestNotComplete",
        "ExecutionLimitExceeded",
        "KmsThrottlingException",
    }
)
_DENIED = frozenset(
    {
        "AccessDenied",
        "AccessDeniedException",
        "KmsAccessDeniedException",
        "UnauthorizedOperation",
        "NotAuthorized",
        "OptInRequired",
    }
)
_CREDENTIALS = frozenset(
    {
        "ExpiredToken",
        "ExpiredTokenException",
        "IncompleteSignature",
        "InvalidClientTokenId",
        "InvalidSignatureException",
        "MissingAuthenticationToken",
        "MissingAuthenticationTokenException",
        "SignatureDoesNotMatch",
        "UnrecognizedClientException",
    }
)
_MISSING = frozenset(
    {
        "StateMachineDoesNotExist",
        "StateMachineDeleting",
        "ClusterNotFoundException",
        "ResourceNotFoundException",
        "ServiceNotFoundException",
    }
)
_PERMISSIONS = {
    "StartExecution": "states",
    "DescribeExecution": "states",
    "StopExecution": "states",
    "ListExecutions": "states",
    "GetExecutionHistory": "states",
    "DescribeStreamSummary": "kinesis",
    "DescribeAccountSettings": "kinesis",
    "DeleteStream": "kinesis",
    "GetMetricData": "cloudwatch",
}
_SERVER_ERROR = 500
_TOO_MANY = 429


def classified(error: ClientError | BotoCoreError) -> DemoError:
    """The error in the API's own words; it keeps AWS's code, never a stack trace."""
    if isinstance(error, ClientError):
        return _refusal(error)
    if isinstance(error, NoCredentialsError | PartialCredentialsError):
        return AwsDenied(f"there are no AWS credentials to use ({error}): check the Lambda's role")
    if isinstance(error, BotoConnectionError | HTTPClientError):
        return AwsUnavailable(f"AWS can't be reached ({error}): try again shortly")
    return AwsUnavailable(f"AWS can't be used ({error}): check the Lambda's configuration")


def may_be_done(error: ClientError | BotoCoreError) -> bool:
    """Whether AWS may have done what it was asked all the same: it failed, or fell silent."""
    if isinstance(error, ClientError):
        return _status(error) >= _SERVER_ERROR
    return isinstance(error, BotoConnectionError | HTTPClientError)


def _refusal(error: ClientError) -> DemoError:
    code = str(error.response.get("Error", {}).get("Code", ""))
    status = _status(error)
    operation = error.operation_name
    if code in _THROTTLED or status == _TOO_MANY:
        return AwsThrottled(f"AWS throttles {operation} ({code}): try again in a few seconds")
    if code in _DENIED:
        action = f"{_PERMISSIONS.get(operation, 'ecs')}:{operation}"
        return AwsDenied(f"the API's role may not call {action} ({code}): allow it in its policy")
    if code in _CREDENTIALS:
        return AwsDenied(f"AWS does not accept the API's credentials ({code}): check its role")
    if code in _MISSING:
        return AwsUnavailable(f"{operation} found no such resource ({code}): run deploy.sh")
    if status >= _SERVER_ERROR:
        return AwsUnavailable(f"AWS failed in {operation} ({code}): try again shortly")
    return AwsRefused(f"AWS refused {operation} ({code}): the API's log has the details")


def _status(error: ClientError) -> int:
    return int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))

"""Fixtures of the cloud tests, read from the file that `run.py` writes."""

import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import boto3
import pytest
import runbook
from deploy import STACK

Found = TypeVar("Found")


@pytest.fixture(scope="session")
def stack() -> dict:
    """Everything known about the deployed stack."""
    return json.loads(Path(os.environ["CLOUD_STACK"]).read_text())


@pytest.fixture(scope="session")
def base_url(stack: dict) -> str:
    """The HTTP API's address, without a slash at the end."""
    return stack["base_url"]


@pytest.fixture(scope="session")
def outputs(stack: dict) -> dict[str, str]:
    """The stack's outputs."""
    return stack["outputs"]


@pytest.fixture(scope="session")
def resources(stack: dict) -> dict[str, str]:
    """Physical ids by logical id."""
    return stack["resources"]


@pytest.fixture(scope="session")
def session(stack: dict) -> boto3.Session:
    """A boto3 session; the environment gives its credentials and endpoint."""
    return boto3.Session(region_name=stack["region"])


@pytest.fixture(scope="session")
def endpoint(stack: dict) -> str:
    """The emulator's address."""
    return stack["endpoint"]


@pytest.fixture(scope="session")
def terminal(stack: dict) -> runbook.Terminal:
    """Where the runbook's commands are pasted, by the first administrator once the password was changed."""
    from test_crm import NEW_PASSWORD

    return runbook.Terminal(STACK, stack["base_url"], stack["parameters"]["BootstrapAdminEmail"], NEW_PASSWORD)


@pytest.fixture(scope="session")
def before() -> dict:
    """What `run.py` noted before the last deployment: a session, the ids of the keys, the table, and a customer."""
    return json.loads(Path(os.environ["CLOUD_BEFORE"]).read_text())


@pytest.fixture
def published(session: boto3.Session, endpoint: str, stack: dict) -> Callable[[], list[str]]:
    """The ids of the keys that are published."""
    return lambda: published_keys(session.client("dynamodb", endpoint_url=endpoint), stack["outputs"]["TableName"])


def published_keys(dynamodb, table: str) -> list[str]:
    """The ids of the keys that a table publishes."""
    item = dynamodb.get_item(TableName=table, Key={"pk": {"S": "JWKS"}, "sk": {"S": "JWKS"}}, ConsistentRead=True)["Item"]
    return [key["M"]["kid"]["S"] for key in item["data"]["M"]["keys"]["L"]]


@pytest.fixture
def eventually() -> Callable[..., object]:
    """Calls a function until it returns something true, or fails."""

    def wait(look: Callable[[], Found], seconds: float = 30) -> Found:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if found := look():
                return found
            time.sleep(0.2)
        pytest.fail(f"nothing after {seconds} s")

    return wait

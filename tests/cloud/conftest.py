"""Fixtures of the cloud tests, read from the file that `run.py` writes."""

import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import boto3
import pytest

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

"""A stack that was deleted and deployed again under its name, on the table that it left."""

import json

import boto3
import pytest
import runbook
from collections.abc import Callable
from test_crm import NEW_PASSWORD, Client, problem


def test_everybody_is_who_they_were_and_sessions_live_on(base_url: str, before: dict, stack: dict) -> None:
    anyone = Client(base_url)
    # The keys are new, the sessions are the table's.
    problem(anyone.call("GET", "/auth/me", headers={"authorization": f"Bearer {before['accessToken']}"}), 401, "UNAUTHENTICATED")
    session = anyone.data("POST", "/auth/refresh", json={"refreshToken": before["refreshToken"]})
    admin = Client(base_url, session["accessToken"])
    assert admin.data("GET", f"/customers/{before['customer']['id']}")["name"] == before["customer"]["name"]
    email = stack["parameters"]["BootstrapAdminEmail"]
    assert anyone.signed_in(email, NEW_PASSWORD).data("GET", "/auth/me")["email"] == email


def test_no_second_administrator_is_made(base_url: str, stack: dict, session: boto3.Session, endpoint: str) -> None:
    drawn = session.client("secretsmanager", endpoint_url=endpoint).get_secret_value(SecretId=stack["outputs"]["AdminSecretArn"])
    refused = Client(base_url).call("POST", "/auth/login", json=json.loads(drawn["SecretString"]))
    problem(refused, 401, "INVALID_CREDENTIALS")


def test_what_is_new_is_found(base_url: str, stack: dict, eventually: Callable) -> None:
    admin = Client(base_url).signed_in(stack["parameters"]["BootstrapAdminEmail"], NEW_PASSWORD)
    customer = admin.data("POST", "/customers", 201, json={"name": "Phoenix"})
    eventually(lambda: customer["id"] in [row["id"] for row in admin.data("GET", "/customers?q=phoenix")])


def test_the_table_that_nobody_works_on_any_more_is_deleted_and_the_one_in_use_is_not(
    terminal: runbook.Terminal, stack: dict, before: dict, session: boto3.Session, endpoint: str
) -> None:
    deleted = lambda table: terminal.paste(("Deleting a deployment, and making it again", 5), put={"<the table to delete>": table})  # noqa: E731
    dynamodb, in_use = session.client("dynamodb", endpoint_url=endpoint), stack["outputs"]["TableName"]
    refused = deleted(in_use)
    assert refused.status == 0 and refused.output.startswith("not deleted"), refused
    done = deleted(before["table"])
    assert done.status == 0 and not done.errors, done
    dynamodb.describe_table(TableName=in_use)
    with pytest.raises(dynamodb.exceptions.ResourceNotFoundException):
        dynamodb.describe_table(TableName=before["table"])

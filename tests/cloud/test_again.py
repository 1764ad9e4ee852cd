"""A stack that was deleted and deployed again under its name, on the table that it left."""

import json

import boto3
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

"""The deployed CRM after an update that was refused and one that changed parameters and no code, a leaked key's rotation
among them. It comes after `test_crm.py`."""

from collections.abc import Callable

import boto3
import runbook
from test_crm import NEW_PASSWORD, Client, problem


def test_changed_parameters_are_in_force(base_url: str, stack: dict) -> None:
    anyone = Client(base_url)
    admin = anyone.signed_in(stack["parameters"]["BootstrapAdminEmail"], NEW_PASSWORD)
    assert admin.data("GET", "/settings")["currency"] == stack["parameters"]["Currency"] == "CHF"
    assert anyone.data("GET", "/health")["commit"] == stack["parameters"]["Commit"] == "cloud-test-2"


def test_an_update_makes_no_second_administrator(base_url: str, stack: dict) -> None:
    admin = Client(base_url).signed_in(stack["parameters"]["BootstrapAdminEmail"], NEW_PASSWORD)
    assert [user["email"] for user in admin.data("GET", "/users?role=ADMIN")].count(stack["parameters"]["BootstrapAdminEmail"]) == 1


def test_after_a_leak_the_old_key_is_unknown_within_a_minute_and_the_session_lives_on(
    base_url: str, before: dict, terminal: runbook.Terminal, published: Callable, eventually: Callable
) -> None:
    eventually(lambda: Client(base_url, before["accessToken"]).call("GET", "/auth/me").status_code == 401, seconds=60)
    problem(Client(base_url, before["accessToken"]).call("GET", "/customers"), 401, "UNAUTHENTICATED")
    session = Client(base_url).data("POST", "/auth/refresh", json={"refreshToken": before["refreshToken"]})
    Client(base_url, session["accessToken"]).data("GET", "/auth/me")
    assert len(published()) == 1 and published()[0] not in before["keys"]
    assert terminal.paste(("A token or the key leaked", 1)).output == "the rotation leaked-drill is in force\n"


def test_a_refused_update_says_why(session: boto3.Session, endpoint: str, resources: dict[str, str]) -> None:
    formation = session.client("cloudformation", endpoint_url=endpoint)
    events = formation.describe_stack_events(StackName=resources["BootstrapStack"])["StackEvents"]
    reasons = [event.get("ResourceStatusReason", "") for event in events if event["ResourceStatus"].endswith("FAILED")]
    assert any("TIME_ZONE" in reason for reason in reasons), reasons

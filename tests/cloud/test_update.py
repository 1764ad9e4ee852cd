"""The deployed CRM after an update that was refused and one that changed parameters and no code. It comes after `test_crm.py`."""

import boto3
from test_crm import NEW_PASSWORD, Client


def test_changed_parameters_are_in_force(base_url: str, stack: dict) -> None:
    anyone = Client(base_url)
    admin = anyone.signed_in(stack["parameters"]["BootstrapAdminEmail"], NEW_PASSWORD)
    assert admin.data("GET", "/settings")["currency"] == stack["parameters"]["Currency"] == "CHF"
    assert anyone.data("GET", "/health")["commit"] == stack["parameters"]["Commit"] == "cloud-test-2"


def test_an_update_signs_nobody_out_and_makes_no_second_administrator(
    base_url: str, stack: dict, session: boto3.Session, endpoint: str
) -> None:
    admin = Client(base_url).signed_in(stack["parameters"]["BootstrapAdminEmail"], NEW_PASSWORD)
    assert [user["email"] for user in admin.data("GET", "/users?role=ADMIN")].count(stack["parameters"]["BootstrapAdminEmail"]) == 1
    table = session.client("dynamodb", endpoint_url=endpoint)
    key = {"pk": {"S": "JWKS"}, "sk": {"S": "JWKS"}}
    published = table.get_item(TableName=stack["outputs"]["TableName"], Key=key)["Item"]
    assert len(published["data"]["M"]["keys"]["L"]) == 1, "the rotation is the same, and so are the keys"


def test_a_refused_update_says_why(session: boto3.Session, endpoint: str, resources: dict[str, str]) -> None:
    formation = session.client("cloudformation", endpoint_url=endpoint)
    events = formation.describe_stack_events(StackName=resources["BootstrapStack"])["StackEvents"]
    reasons = [event.get("ResourceStatusReason", "") for event in events if event["ResourceStatus"].endswith("FAILED")]
    assert any("TIME_ZONE" in reason for reason in reasons), reasons

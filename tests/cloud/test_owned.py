"""The deployed CRM on a table that was imported, and a rotation that was carried out before. The last test deletes the stack."""

from collections.abc import Callable

import boto3
import runbook
from test_crm import Client

DELETED = "Deleting a deployment, and making it again"


def test_the_table_is_the_stacks_own_and_the_same(base_url: str, before: dict, stack: dict, resources: dict) -> None:
    assert resources["Table"] == stack["outputs"]["TableName"]
    assert stack["outputs"]["TableStreamArn"].startswith("arn:")
    assert Client(base_url, before["accessToken"]).data("GET", f"/customers/{before['customer']['id']}")["id"] == before["customer"]["id"]


def test_a_rotation_that_was_carried_out_before_changes_nothing_and_says_so(
    before: dict, terminal: runbook.Terminal, published: Callable, session: boto3.Session, endpoint: str
) -> None:
    told = "the rotation leaked-drill was carried out before, and planned-drill after it: nothing was changed"
    assert told in terminal.paste(("A token or the key leaked", 1)).output
    assert published() == before["keys"]
    logs = session.client("logs", endpoint_url=endpoint)
    pages = logs.get_paginator("filter_log_events").paginate(logGroupName=f"/crm/{terminal.stack}")
    assert any(told in event["message"] and '"level":"error"' in event["message"] for page in pages for event in page["events"])


def test_a_deleted_stack_leaves_its_table_and_nothing_else(
    terminal: runbook.Terminal, session: boto3.Session, endpoint: str, stack: dict, before: dict
) -> None:
    client = lambda service: session.client(service, endpoint_url=endpoint)  # noqa: E731
    deleted = terminal.paste((DELETED, 1))
    assert deleted.status == 0, deleted
    tables = client("dynamodb").list_tables()["TableNames"]
    assert sorted(tables) == sorted([stack["outputs"]["TableName"], before["table"]]), "the one in use, and the one it was restored from"
    key = {"pk": {"S": f"CUSTOMER#{before['customer']['id']}"}, "sk": {"S": "CUSTOMER"}}
    assert "Item" in client("dynamodb").get_item(TableName=stack["outputs"]["TableName"], Key=key)
    left = {
        "functions": client("lambda").list_functions()["Functions"],
        "secrets": client("secretsmanager").list_secrets()["SecretList"],
        "queues": client("sqs").list_queues().get("QueueUrls", []),
        "log groups": client("logs").describe_log_groups(logGroupNamePrefix="/crm/")["logGroups"],
        "buses": [bus for bus in client("events").list_event_buses()["EventBuses"] if bus["Name"] == terminal.stack],
        "schedules": [group for group in client("scheduler").list_schedule_groups()["ScheduleGroups"] if group["Name"] == terminal.stack],
        "alarms": client("cloudwatch").describe_alarms(AlarmNamePrefix=terminal.stack)["MetricAlarms"],
        "dashboards": client("cloudwatch").list_dashboards()["DashboardEntries"],
        "roles": [role for role in client("iam").list_roles()["Roles"] if terminal.stack in role["RoleName"]],
        "APIs": client("apigatewayv2").get_apis()["Items"],
        "stacks": [
            one["StackName"] for one in client("cloudformation").list_stacks()["StackSummaries"] if one["StackStatus"] != "DELETE_COMPLETE"
        ],
    }
    assert not any(left.values()), {name: rest for name, rest in left.items() if rest}

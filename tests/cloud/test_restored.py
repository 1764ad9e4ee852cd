"""The deployed CRM on a table that was restored under another name and brought in; it comes after `test_update.py`. The
emulator restores at once what is there now; that it may take hours, and an earlier moment, cannot be shown here."""

import uuid
from collections.abc import Callable
from pathlib import Path

import boto3
import runbook
from deploy import BUCKET
from test_crm import NEW_PASSWORD, Client

DELETED = "Deleting a deployment, and making it again"


def test_whoever_was_signed_in_still_is_after_a_planned_rotation(
    base_url: str, before: dict, terminal: runbook.Terminal, published: Callable
) -> None:
    Client(base_url, before["accessToken"]).data("GET", "/auth/me")
    assert len(published()) == 2 and published()[0] == before["keys"][0], "the old key counts, the new one is announced"
    assert terminal.paste(("A token or the key leaked", 1)).output == "the rotation planned-drill is in force\n"


def test_what_was_there_is_listed_and_found_and_what_is_new_is_found_too(
    base_url: str, before: dict, stack: dict, eventually: Callable
) -> None:
    admin = Client(base_url, before["accessToken"])
    old = before["customer"]
    assert admin.data("GET", f"/customers/{old['id']}")["name"] == old["name"]
    assert old["id"] in [row["id"] for row in admin.data("GET", "/customers?limit=100")]
    assert [row["id"] for row in admin.data("GET", f"/customers?q={old['name'].lower()}")] == [old["id"]]
    # The projector and the relay follow the new table's stream.
    word = f"Restored{uuid.uuid4().hex[:8]}"
    user = admin.data("POST", "/users", 201, json={"email": f"{word}@example.com", "password": NEW_PASSWORD, "role": "SALES_REP"})
    new = admin.data("POST", "/customers", 201, json={"name": word, "ownerId": user["id"]})
    eventually(lambda: [row["id"] for row in admin.data("GET", f"/customers?q={word.lower()}")] == [new["id"]])
    assert admin.call("DELETE", f"/users/{user['id']}").status_code == 204
    eventually(lambda: admin.data("GET", f"/customers/{new['id']}")["ownerId"] is None, seconds=60)


def test_the_table_has_what_a_restore_leaves_behind_and_the_old_one_is_kept(
    stack: dict, session: boto3.Session, endpoint: str, before: dict, resources: dict
) -> None:
    dynamodb, name = session.client("dynamodb", endpoint_url=endpoint), stack["outputs"]["TableName"]
    table = dynamodb.describe_table(TableName=name)["Table"]
    assert table["LatestStreamArn"] == stack["outputs"]["TableStreamArn"]
    # The runbook turns it on; the stack says what is meant.
    assert table["DeletionProtectionEnabled"] is (stack["parameters"]["DeletionProtection"] == "true")
    assert dynamodb.describe_time_to_live(TableName=name)["TimeToLiveDescription"]["TimeToLiveStatus"] == "ENABLED"
    backups = dynamodb.describe_continuous_backups(TableName=name)["ContinuousBackupsDescription"]
    assert backups["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"] == "ENABLED"
    assert before["table"] != name and "Table" not in resources
    dynamodb.describe_table(TableName=before["table"])


def test_it_is_imported_into_the_stack(terminal: runbook.Terminal, session: boto3.Session, endpoint: str, stack: dict, tmp_path: Path) -> None:
    # The emulator's bucket has another address. It takes the template's word for what the table is like, which CloudFormation
    # leaves to whoever imports as well.
    put = {"<a bucket of yours>": BUCKET, "https://$BUCKET.s3.$AWS_REGION.amazonaws.com/": "$AWS_ENDPOINT_URL/$BUCKET/"}
    pasted = terminal.paste(("Restoring data", 3), ("Restoring data", 4), folder=tmp_path, put=put)
    assert pasted.status == 0 and '"Import"' in pasted.output and '"Modify"' not in pasted.output, pasted
    formation = session.client("cloudformation", endpoint_url=endpoint)
    resource = formation.describe_stack_resource(StackName=terminal.stack, LogicalResourceId="Table")["StackResourceDetail"]
    assert resource["PhysicalResourceId"] == stack["outputs"]["TableName"]
    events = formation.describe_stack_events(StackName=terminal.stack)["StackEvents"]
    assert ("Table", "IMPORT_COMPLETE") in [(event["LogicalResourceId"], event["ResourceStatus"]) for event in events]


def test_a_deleted_stack_leaves_its_table_and_nothing_else(
    terminal: runbook.Terminal, session: boto3.Session, endpoint: str, stack: dict, before: dict
) -> None:
    client = lambda service: session.client(service, endpoint_url=endpoint)  # noqa: E731
    looked = terminal.paste((DELETED, 1))
    assert looked.status == 0 and looked.output.splitlines()[0] == stack["outputs"]["TableName"], looked
    # As README.md protects it.
    client("cloudformation").update_termination_protection(StackName=terminal.stack, EnableTerminationProtection=True)
    protected = terminal.paste((DELETED, 3))
    assert protected.status != 0 and "TerminationProtection is enabled" in protected.errors, protected
    deleted = terminal.paste((DELETED, 2), (DELETED, 3))
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

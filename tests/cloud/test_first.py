"""A first deployment that the bootstrap refused, before there is another one."""

import boto3
import runbook

WHEN_IT_FAILED = "Taking a version back"


def test_a_first_deployment_that_failed_says_why_keeps_nothing_and_can_be_deleted(
    terminal: runbook.Terminal, session: boto3.Session, endpoint: str
) -> None:
    client = lambda service: session.client(service, endpoint_url=endpoint)  # noqa: E731
    formation = client("cloudformation")
    assert formation.describe_stacks(StackName=terminal.stack)["Stacks"][0]["StackStatus"] == "ROLLBACK_COMPLETE"
    why = terminal.paste((WHEN_IT_FAILED, 1))
    assert "TIME_ZONE" in why.output and "CREATE_FAILED" not in why.errors, why
    # The table is kept when a stack is deleted, but not when none came of it.
    assert client("dynamodb").list_tables()["TableNames"] == []
    assert client("secretsmanager").list_secrets()["SecretList"] == []
    assert client("sqs").list_queues().get("QueueUrls", []) == []
    deleted = terminal.paste((WHEN_IT_FAILED, 2))
    assert deleted.status == 0, deleted
    left = [stack for stack in formation.list_stacks()["StackSummaries"] if stack["StackStatus"] != "DELETE_COMPLETE"]
    assert terminal.stack not in [stack["StackName"] for stack in left]
    # The emulator forgets a nested stack that could not be made; CloudFormation deletes it with its parent.
    for stack in left:
        formation.delete_stack(StackName=stack["StackName"])

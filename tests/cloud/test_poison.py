"""What nobody can take: parked with its cause while everything behind it goes on, listed, and redriven when the cause is gone."""

import json
import uuid
from collections.abc import Callable
from contextlib import contextmanager

import boto3
import pytest
import runbook
from test_crm import NEW_PASSWORD, REP_PASSWORD, Client

PARKED = "ParkedAlarm"


@pytest.fixture(scope="module")
def admin(base_url: str, stack: dict) -> Client:
    """The administrator, whose password `test_crm.py` changed."""
    return Client(base_url).signed_in(stack["parameters"]["BootstrapAdminEmail"], NEW_PASSWORD)


@pytest.fixture(scope="module")
def client(session: boto3.Session, endpoint: str) -> Callable:
    """Clients of AWS by the name of the service."""
    return lambda service: session.client(service, endpoint_url=endpoint)


def owned(admin: Client, name: str) -> tuple[str, str]:
    """A new user who owns a new customer: their ids."""
    body = {"email": f"{uuid.uuid4()}@example.com", "password": REP_PASSWORD, "role": "SALES_REP", "mustChangePassword": False}
    user = admin.data("POST", "/users", 201, json=body)["id"]
    return user, admin.data("POST", "/customers", 201, json={"name": name, "ownerId": user})["id"]


def owner(admin: Client, customer: str) -> str | None:
    """Who owns a customer."""
    return admin.data("GET", f"/customers/{customer}")["ownerId"]


def disable(client: Callable, table: str, user: str) -> None:
    """Disables a user without the event that would move what is theirs at once."""
    client("dynamodb").update_item(
        TableName=table,
        Key={"pk": {"S": f"USER#{user}"}, "sk": {"S": "AUTH"}},
        UpdateExpression="SET #data.#status = :disabled",
        ExpressionAttributeNames={"#data": "data", "#status": "status"},
        ExpressionAttributeValues={":disabled": {"S": "DISABLED"}},
    )


def handing_over(client: Callable, table: str, user: str) -> str:
    """The piece of work that takes a disabled user's customers away."""
    disable(client, table, user)
    return json.dumps({"task": "move_records", "user": user, "to": None, "by": None})


def letters(admin: Client, queue: str, words: str) -> list[dict]:
    """The parked messages of a queue whose cause has these words."""
    return [letter for letter in admin.data("GET", f"/admin/dead-letters?queue={queue}&limit=100") if words in letter["cause"]]


def redrive(terminal: runbook.Terminal, letter: dict) -> dict:
    """Sends it again as the runbook says; gives the answer."""
    pasted = terminal.paste((PARKED, 2), put={"<the id from the list>": letter["id"]})
    assert pasted.status == 0, pasted
    return json.loads(pasted.output)


@contextmanager
def spoilt(client: Callable, table: str, customer: str):
    """A customer's item that nobody can read, until it is as it was, but for the next follow-up that it shows."""
    key = {"pk": {"S": f"CUSTOMER#{customer}"}, "sk": {"S": "CUSTOMER"}}
    good = client("dynamodb").get_item(TableName=table, Key=key, ConsistentRead=True)["Item"]
    client("dynamodb").put_item(TableName=table, Item=good | {"data": {"M": good["data"]["M"] | {"name": {"N": "7"}}}})
    yield
    good["derived"]["M"].pop("nextFollowUpAt", None)
    client("dynamodb").put_item(TableName=table, Item=good)


def test_poison_in_the_stream_and_in_the_work_queue_is_parked_and_done_once_its_cause_is_gone(
    admin: Client, client: Callable, resources: dict, eventually: Callable, terminal: runbook.Terminal
) -> None:
    user, customer = owned(admin, "Spoilt")
    other_user, other = owned(admin, "Behind it")
    due = {"customerId": customer, "dueAt": "2031-01-01T00:00:00Z", "assigneeId": user}
    follow_up = admin.data("POST", "/follow-ups", 201, json=due)["id"]
    table, word = resources["Table"], f"Behind{uuid.uuid4().hex[:8]}"
    with spoilt(client, table, customer):
        # A change of the follow-up, whose customer the projector reads and cannot.
        key = {"pk": {"S": f"FOLLOWUP#{follow_up}"}, "sk": {"S": "FOLLOWUP"}}
        item = client("dynamodb").get_item(TableName=table, Key=key)["Item"]
        item["data"]["M"]["dueAt"] = {"S": "2031-01-01T00:00:01.000Z"}
        client("dynamodb").put_item(TableName=table, Item=item)
        bodies = [handing_over(client, table, user), "no work at all", handing_over(client, table, other_user)]
        for body in bodies:
            client("sqs").send_message(QueueUrl=resources["WorkQueue"], MessageBody=body)
        # What stands behind the poison in the queue and in the stream.
        admin.data("POST", "/customers", 201, json={"name": word})
        eventually(lambda: owner(admin, other) is None, 60)
        eventually(lambda: len(admin.data("GET", f"/customers?q={word.lower()}")) == 1)
        unread = lambda: letters(admin, "work", f"CUSTOMER#{customer}") + letters(admin, "repair", f"CUSTOMER#{customer}")  # noqa: E731
        eventually(lambda: any(letter["cause"].startswith("projector") for letter in unread()) and any(not letter["cause"].startswith("projector") for letter in unread()), 60)
        assert len(letters(admin, "work", "not a piece of work")) == 1
    listed = terminal.paste((PARKED, 1))
    assert all(letter["id"] in listed.output for letter in unread()), listed
    again = unread()
    for letter in again:
        assert redrive(terminal, letter)["data"] == {"id": letter["id"], "queue": letter["queue"]}
    eventually(lambda: owner(admin, customer) is None, 60)
    found = lambda: next(row for row in admin.data("GET", "/customers?limit=100") if row["id"] == customer)  # noqa: E731
    eventually(lambda: str(found()["nextFollowUpAt"]).startswith("2031-01-01"))
    # The images of the spoilt item itself stay what they are; nobody misses them.
    eventually(lambda: not any(letter["id"] in [one["id"] for one in again] for letter in unread()))


def test_poison_in_the_automation_queue_is_parked_and_its_neighbours_get_through(
    admin: Client, client: Callable, resources: dict, eventually: Callable
) -> None:
    user, customer = owned(admin, "Neighbour")
    for body in ("no event at all", deletion(client, resources["Table"], user)):
        client("sqs").send_message(QueueUrl=resources["AutomationQueue"], MessageBody=body)
    eventually(lambda: owner(admin, customer) is None, 60)
    assert len(eventually(lambda: letters(admin, "automation", "not an event"))) == 1


def test_poison_in_the_notifications_queue_is_parked_and_its_neighbours_get_through(
    admin: Client, client: Callable, resources: dict, eventually: Callable
) -> None:
    user, customer = owned(admin, "Told")
    client("sqs").send_message(QueueUrl=resources["NotificationsQueue"], MessageBody="no event at all")
    admin.data("POST", "/tasks", 201, json={"title": "Behind the poison", "ownerId": user, "customerId": customer})
    told = lambda: [one["title"] for one in admin.data("GET", f"/notifications?recipientId={user}")]  # noqa: E731
    eventually(lambda: "You were given a task: Behind the poison" in told(), 60)
    assert len(eventually(lambda: letters(admin, "notifications", "not an event"))) == 1


def test_poison_in_the_jobs_queue_is_parked_and_its_neighbours_get_through(
    admin: Client, client: Callable, resources: dict, eventually: Callable
) -> None:
    client("sqs").send_message(QueueUrl=resources["JobsQueue"], MessageBody="no message of a job at all")
    started = admin.data("POST", "/admin/jobs/tasks-due/run", 202, json={"dryRun": True})["runId"]
    runs = lambda: [run for job in admin.data("GET", "/admin/jobs") for run in job["lastRuns"]]  # noqa: E731
    eventually(lambda: any(run["runId"] == started and run["state"] == "SUCCEEDED" for run in runs()), 60)
    assert len(eventually(lambda: letters(admin, "jobs", "not a message of a job"))) == 1


def test_poison_in_the_bounces_queue_is_parked_and_its_neighbours_get_through(
    admin: Client, client: Callable, resources: dict, eventually: Callable
) -> None:
    user, _ = owned(admin, "Returned")
    email = admin.data("GET", f"/users/{user}")["email"]
    bounce = {"bounceType": "Permanent", "bouncedRecipients": [{"emailAddress": email}]}
    for body in ("no event at all", json.dumps({"eventType": "Bounce", "bounce": bounce})):
        client("sqs").send_message(QueueUrl=resources["BouncesQueue"], MessageBody=body)
    eventually(lambda: admin.data("GET", f"/users/{user}")["emailStatus"] == "BOUNCED", 60)
    assert len(eventually(lambda: letters(admin, "bounces", "not an event of SES"))) == 1


def test_all_messages_of_a_cause_are_sent_again_at_once_and_one_is_given_up(
    admin: Client, client: Callable, resources: dict, eventually: Callable, terminal: runbook.Terminal
) -> None:
    for _ in range(2):
        client("sqs").send_message(QueueUrl=resources["AutomationQueue"], MessageBody='{"detail": "nonsense"}')

    def parked(but: frozenset[str] = frozenset()) -> list[dict]:
        """Both of them, by other ids than these."""
        found = [one for one in letters(admin, "automation", "missing or wrong") if one["id"] not in but]
        return found if len(found) == 2 else []

    before = frozenset(one["id"] for one in eventually(parked))
    pasted = terminal.paste((PARKED, 3), put={"<the queue>": "automation", "<a part of the cause>": "missing or wrong"})
    assert pasted.status == 0 and "before" in json.loads(pasted.output)["data"], pasted
    letter = eventually(lambda: parked(before))[0]
    assert "nonsense" not in letter["body"]
    pasted = terminal.paste((PARKED, 4), put={"<the id from the list>": letter["id"], "<why>": "It makes no sense"})
    assert pasted.status == 0, pasted
    assert letter["id"] not in [one["id"] for one in letters(admin, "automation", "missing or wrong")]
    told = admin.data("GET", "/feed")
    assert any(event["type"] == "deadletter.discarded" and "It makes no sense" in event["summary"] for event in told)


def test_a_message_that_crashed_its_worker_is_parked_by_the_parker_and_done_when_it_is_redriven(
    admin: Client, client: Callable, resources: dict, eventually: Callable, terminal: runbook.Terminal
) -> None:
    user, customer = owned(admin, "Crashed")
    client("sqs").send_message(QueueUrl=resources["AutomationDeadQueue"], MessageBody=deletion(client, resources["Table"], user))
    letter = eventually(lambda: letters(admin, "automation", "crashed"))[0]
    assert owner(admin, customer) == user
    assert redrive(terminal, letter)["data"]["queue"] == "automation"
    eventually(lambda: owner(admin, customer) is None, 60)
    assert letters(admin, "automation", "crashed") == []


def test_a_time_is_read_again_as_the_runbook_says(admin: Client, eventually: Callable, terminal: runbook.Terminal) -> None:
    customer = admin.data("POST", "/customers", 201, json={"name": f"Again{uuid.uuid4().hex[:8]}"})
    assert terminal.paste(("StreamDroppedAlarm", 1)).status == 0 and terminal.paste(("StreamDroppedAlarm", 2)).status == 0
    since = {"<the first moment, such as 2026-02-01T04:00:00Z>": customer["createdAt"]}
    pasted = terminal.paste(("StreamDroppedAlarm", 3), ("StreamDroppedAlarm", 4), put=since)
    assert pasted.status == 0 and pasted.output.count("runId") >= 2, pasted
    runs = lambda name: next(job["lastRuns"] for job in admin.data("GET", "/admin/jobs") if job["name"] == name)  # noqa: E731
    eventually(lambda: all(runs(name) and runs(name)[0]["state"] == "SUCCEEDED" for name in ("republish", "reproject")), 60)


def deletion(client: Callable, table: str, user: str) -> str:
    """The event that a user was disabled, as the bus puts it on the queue."""
    disable(client, table, user)
    sample = json.loads((runbook.venv_setup.PROJECT_ROOT / "events" / "workers" / "automation.json").read_text())
    event = json.loads(sample["Records"][0]["body"])
    detail = event["detail"] | {"type": "user.deleted", "entity": {"id": user, "type": "USER"}, "data": None, "changes": {}}
    return json.dumps(event | {"detail-type": "user.deleted", "detail": detail})

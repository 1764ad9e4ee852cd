"""Mails, text messages and what SES tells of them, on the deployed stack."""

import json
import urllib.request
import uuid
from collections.abc import Callable

import boto3
import pytest
from test_crm import NEW_PASSWORD, REP_PASSWORD, Client


@pytest.fixture(scope="module")
def admin(base_url: str, stack: dict) -> Client:
    """The administrator, whose password `test_crm.py` changed."""
    return Client(base_url).signed_in(stack["parameters"]["BootstrapAdminEmail"], NEW_PASSWORD)


def sent(endpoint: str, kind: str) -> str:
    """What the emulator's SES or SNS was given, as text."""
    with urllib.request.urlopen(f"{endpoint}/_ministack/{kind}") as answer:
        return answer.read().decode()


def registered(admin: Client) -> dict:
    """A new user with a phone."""
    body = {
        "email": f"{uuid.uuid4()}@example.com",
        "password": REP_PASSWORD,
        "phone": f"+49{uuid.uuid4().int % 10**10:010}",
        "role": "SALES_REP",
        "mustChangePassword": False,
    }
    return admin.data("POST", "/users", 201, json=body)


def told(admin: Client, user: dict, channel: str) -> list[dict]:
    """The notifications of somebody through a channel."""
    return admin.data("GET", f"/notifications?type={channel}&recipientId={user['id']}")


def test_a_mail_goes_out_by_ses_and_is_read_back(admin: Client, endpoint: str, eventually: Callable) -> None:
    user = registered(admin)
    task = f"Write {uuid.uuid4().hex}"
    admin.data("POST", "/tasks", 201, json={"title": task, "ownerId": user["id"]})
    mails = eventually(lambda: [one for one in told(admin, user, "EMAIL") if one["status"] == "SENT" and task in one["title"]], 60)
    assert mails[0]["attempts"] == 1
    read = sent(endpoint, "ses/messages")
    assert user["email"] in read and task in read and "crm@example.com" in read


def test_a_text_message_goes_out_by_sns(admin: Client, endpoint: str, eventually: Callable) -> None:
    user, word = registered(admin), uuid.uuid4().hex
    body = {"recipientId": user["id"], "type": "SMS", "title": "Lunch", "message": f"At noon {word}"}
    admin.data("POST", "/notifications", 202, json=body)
    eventually(lambda: [one for one in told(admin, user, "SMS") if one["status"] == "SENT"], 60)
    assert word in sent(endpoint, "sns/sms-messages")


def test_an_address_from_which_a_mail_came_back_is_marked(
    admin: Client, session: boto3.Session, endpoint: str, resources: dict, eventually: Callable
) -> None:
    user = registered(admin)
    bounce = {"bounceType": "Permanent", "bouncedRecipients": [{"emailAddress": user["email"]}]}
    event = json.dumps({"eventType": "Bounce", "bounce": bounce, "mail": {}})
    # As SES tells the topic, from which the queue has it.
    session.client("sns", endpoint_url=endpoint).publish(TopicArn=resources["MailTopic"], Message=event)
    eventually(lambda: admin.data("GET", f"/users/{user['id']}")["emailStatus"] == "BOUNCED", 60)

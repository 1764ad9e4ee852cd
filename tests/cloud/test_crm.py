"""The deployed CRM: sign-in, customers, problems, and a change's way through stream, bus and queues."""

import json
import re
import subprocess
import uuid
from collections.abc import Callable
from dataclasses import dataclass

import boto3
import pytest
import requests
from venv_setup import PROJECT_ROOT

# What whoever is on call types has to arrive as it is, quotes and all.
NEW_PASSWORD = r"""another-"one's"-for\the $cloud-tests"""
REP_PASSWORD = "one-for-the-representative"


@dataclass(frozen=True)
class Client:
    """Calls the API, signed in or not."""

    base_url: str
    token: str | None = None

    def call(self, method: str, path: str, **arguments) -> requests.Response:
        """The response to a call of a path below `/api/v1`."""
        headers = arguments.pop("headers", {})
        if self.token:
            headers |= {"authorization": f"Bearer {self.token}"}
        return requests.request(method, f"{self.base_url}/api/v1{path}", headers=headers, timeout=30, **arguments)

    def data(self, method: str, path: str, status: int = 200, **arguments):
        """`data` of a success with this status."""
        response = self.call(method, path, **arguments)
        assert response.status_code == status, response.text
        return response.json()["data"]

    def signed_in(self, email: str, password: str) -> "Client":
        """This client with a session of its own."""
        session = self.data("POST", "/auth/login", json={"email": email, "password": password})
        return Client(self.base_url, session["accessToken"])


def problem(response: requests.Response, status: int, code: str) -> dict:
    """The problem details of a response, after checking what all have in common."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    body = response.json()
    assert (body["code"], body["status"], body["success"]) == (code, status, False)
    assert body["type"].endswith(f"/api/v1/docs#problem-{code.lower().replace('_', '-')}")
    assert body["instance"]
    return body


def matches(pattern: str, line: str) -> bool:
    """Whether CloudWatch's pattern finds a line: equal texts, joined by `&&`. The emulator takes no such pattern."""
    conditions = re.fullmatch(r"\{ (.*) \}", pattern)[1].split(" && ")
    wanted = [re.fullmatch(r'\$\.(\w+) = "([^"*]*)"', condition).groups() for condition in conditions]
    try:
        read = json.loads(line)
    except ValueError:
        return False
    return all(isinstance(read, dict) and str(read.get(name)) == value for name, value in wanted)


@pytest.fixture(scope="session")
def anyone(base_url: str) -> Client:
    """Somebody who is not signed in."""
    return Client(base_url)


@pytest.fixture(scope="session")
def admin(anyone: Client, session: boto3.Session, endpoint: str, stack: dict) -> Client:
    """The first administrator, whose drawn password was good for one sign-in."""
    secrets = session.client("secretsmanager", endpoint_url=endpoint)
    drawn = json.loads(secrets.get_secret_value(SecretId=stack["outputs"]["AdminSecretArn"])["SecretString"])
    email, password = drawn["email"], drawn["password"]
    assert email == stack["parameters"]["BootstrapAdminEmail"] and len(password) == 32
    first = anyone.signed_in(email, password)
    problem(first.call("GET", "/customers"), 403, "PASSWORD_CHANGE_REQUIRED")
    body = {"currentPassword": password, "newPassword": NEW_PASSWORD}
    assert first.call("POST", "/auth/password", json=body).status_code == 204
    return anyone.signed_in(email, NEW_PASSWORD)


@pytest.fixture
def rep(anyone: Client, admin: Client) -> tuple[Client, dict]:
    """A new sales representative and their record."""
    email = f"rep-{uuid.uuid4()}@example.com"
    body = {"email": email, "password": REP_PASSWORD, "role": "SALES_REP", "mustChangePassword": False}
    user = admin.data("POST", "/users", 201, json=body)
    return anyone.signed_in(email, REP_PASSWORD), user


def test_health_names_the_commit(anyone: Client) -> None:
    assert anyone.data("GET", "/health")["commit"] == "cloud-test"


def test_readiness_tells_components_to_administrators_only(anyone: Client, admin: Client) -> None:
    assert anyone.data("GET", "/health/ready") == {"status": "ok", "components": None}
    components = admin.data("GET", "/health/ready")["components"]
    states = {part["name"]: part["state"] for part in components}
    assert {name: states.pop(name) for name in ("table", "queues")} == {"table": "up", "queues": "up"}
    # What the emulator knows of these is not what an account says.
    assert set(states) == {"bus", "email", "sms"}


def test_the_documentation_loads_nothing_from_elsewhere(anyone: Client) -> None:
    page = anyone.call("GET", "/docs")
    assert page.status_code == 200 and page.headers["content-type"].startswith("text/html")
    assert page.headers["content-encoding"] == "gzip"
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert 'id="problem-not-found"' in page.text and "SwaggerUIBundle" in page.text
    plain = anyone.call("GET", "/docs", headers={"accept-encoding": "identity"})
    assert plain.text == page.text
    assert anyone.call("GET", "/openapi.json").json()["openapi"].startswith("3.1")


def test_an_unknown_path_and_a_wrong_method_are_problems(anyone: Client) -> None:
    problem(anyone.call("GET", "/no/such/path"), 404, "NOT_FOUND")
    refused = anyone.call("DELETE", "/auth/me")
    problem(refused, 405, "METHOD_NOT_ALLOWED")
    assert refused.headers["allow"] == "GET"


def test_a_preflight_is_answered_for_known_origins_only(anyone: Client) -> None:
    def allowed(origin: str) -> str | None:
        asked = {"origin": origin, "access-control-request-method": "POST", "access-control-request-headers": "authorization"}
        return anyone.call("OPTIONS", "/customers", headers=asked).headers.get("access-control-allow-origin")

    assert allowed("https://app.example.com") == "https://app.example.com"
    assert allowed("https://elsewhere.example.com") is None


def test_a_customer_is_created_listed_found_and_not_doubled(admin: Client, eventually: Callable) -> None:
    word = f"Zuse{uuid.uuid4().hex[:8]}"
    body = {"name": f"{word} Machines", "email": f"{word.lower()}@example.com", "phone": f"+49{uuid.uuid4().int % 10**10:010}"}
    response = admin.call("POST", "/customers", json=body)
    assert response.status_code == 201, response.text
    customer = response.json()["data"]
    assert response.headers["location"] == f"/api/v1/customers/{customer['id']}"
    assert response.headers["etag"] == '"1"'
    assert customer["id"] in [found["id"] for found in admin.data("GET", "/customers?limit=100")]
    refused = problem(admin.call("POST", "/customers", json=body), 409, "DUPLICATE")
    assert refused["matches"] == {"ids": [customer["id"]], "hidden": 0}
    # Search words are the projector's: table, stream, function, table.
    eventually(lambda: [found["id"] for found in admin.data("GET", f"/customers?q={word.lower()}")] == [customer["id"]])


def test_put_does_what_patch_does(admin: Client) -> None:
    customer = admin.data("POST", "/customers", 201, json={"name": "Before"})
    for method in ("PATCH", "PUT"):
        assert admin.data(method, f"/customers/{customer['id']}", json={"name": method})["name"] == method


def test_a_session_that_ended_is_refused_at_once(rep: tuple[Client, dict]) -> None:
    client, _ = rep
    client.data("GET", "/auth/me")
    assert client.call("POST", "/auth/logout").status_code == 204
    problem(client.call("GET", "/auth/me"), 401, "UNAUTHENTICATED")


def test_a_repeated_create_gives_the_first_answer(admin: Client) -> None:
    key = {"idempotency-key": str(uuid.uuid4())}
    first = admin.call("POST", "/customers", json={"name": "Once"}, headers=dict(key))
    second = admin.call("POST", "/customers", json={"name": "Once"}, headers=dict(key))
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json() == second.json() and second.headers["idempotency-replayed"] == "true"


def test_a_disabled_users_customers_go_to_the_pool(admin: Client, rep: tuple[Client, dict], eventually: Callable) -> None:
    client, user = rep
    customer = admin.data("POST", "/customers", 201, json={"name": "Handed over", "ownerId": user["id"]})
    assert client.data("GET", f"/customers/{customer['id']}")["ownerId"] == user["id"]
    assert admin.call("DELETE", f"/users/{user['id']}").status_code == 204
    problem(client.call("GET", "/auth/me"), 401, "UNAUTHENTICATED")
    # Event item, stream, relay, bus, rule, automation queue, work queue, table.
    eventually(lambda: admin.data("GET", f"/customers/{customer['id']}")["ownerId"] is None, seconds=60)


@pytest.mark.parametrize(
    ("schedule", "job", "cron"),
    [
        ("CustomerEngagementSchedule", "customer-engagement", "cron(0 1 * * ? *)"),
        ("RfmScoringSchedule", "rfm-scoring", "cron(0 2 * * ? *)"),
        ("RecurringTasksSchedule", "recurring-tasks", "cron(0 6 * * ? *)"),
        ("FollowupsDueSchedule", "followups-due", "cron(0 8 * * ? *)"),
        ("TasksDueSchedule", "tasks-due", "cron(0 8 * * ? *)"),
    ],
)
def test_what_the_clock_starts_is_done(
    session: boto3.Session, endpoint: str, resources: dict[str, str], admin: Client, eventually: Callable, schedule: str, job: str, cron: str
) -> None:
    client = lambda service: session.client(service, endpoint_url=endpoint)  # noqa: E731
    schedule = client("scheduler").get_schedule(Name=resources[schedule], GroupName=resources["Schedules"])
    assert (schedule["ScheduleExpression"], schedule["State"]) == (cron, "ENABLED")
    assert schedule["Target"]["Arn"].endswith("-jobs")
    # The morning is not waited for: the schedule's own message goes to the schedule's own target.
    client("sqs").send_message(QueueUrl=resources["JobsQueue"], MessageBody=schedule["Target"]["Input"])

    def runs() -> list[dict]:
        jobs = {found["name"]: found for found in admin.data("GET", "/admin/jobs")}
        return [run for run in jobs[job]["lastRuns"] if run["state"] == "SUCCEEDED" and not run["dryRun"]]

    eventually(runs, seconds=60)
    before = {run["runId"] for run in runs()}
    started = admin.data("POST", f"/admin/jobs/{job}/run", 202, json={})["runId"]
    assert started not in before
    eventually(lambda: started in {run["runId"] for run in runs()}, seconds=60)
    assert admin.data("GET", "/admin/dead-letters?queue=jobs") == []


def test_the_tick_makes_good_what_was_missed(session: boto3.Session, endpoint: str, resources: dict[str, str]) -> None:
    client = lambda service: session.client(service, endpoint_url=endpoint)  # noqa: E731
    schedule = client("scheduler").get_schedule(Name=resources["TickSchedule"], GroupName=resources["Schedules"])
    assert (schedule["ScheduleExpression"], schedule["State"]) == ("rate(1 minute)", "ENABLED")
    assert json.loads(schedule["Target"]["Input"]) == {"task": "tick"}
    assert schedule["Target"]["Arn"].endswith("-jobs")


def test_a_request_id_leads_from_the_answer_to_the_workers_log(
    session: boto3.Session, endpoint: str, stack: dict, admin: Client, rep: tuple[Client, dict], eventually: Callable
) -> None:
    _, user = rep
    customer = admin.data("POST", "/customers", 201, json={"name": "Traced", "ownerId": user["id"]})
    due = {"customerId": customer["id"], "dueAt": "2031-01-01T00:00:00Z", "assigneeId": user["id"]}
    admin.data("POST", "/follow-ups", 201, json=due)
    trace = f"trace-{uuid.uuid4()}"
    path = f"/customers/{customer['id']}/assign"
    answer = admin.call("PATCH", path, json={"ownerId": admin.data("GET", "/auth/me")["id"]}, headers={"x-request-id": trace})
    assert answer.headers["x-request-id"] == trace
    logs = session.client("logs", endpoint_url=endpoint)
    name = stack["outputs"]["TableName"]

    def functions() -> set[str]:
        pages = logs.get_paginator("filter_log_events").paginate(logGroupName=f"/crm/{name}")
        lines = [event["message"] for page in pages for event in page["events"]]
        return {json.loads(line)["function"] for line in lines if matches(f'{{ $.requestId = "{trace}" }}', line)}

    wanted = {f"{name}-assign_customer", f"{name}-automation", f"{name}-notify", f"{name}-work"}
    eventually(lambda: functions() >= wanted, seconds=60)


def test_the_logs_filter_finds_what_the_gateway_turned_away(
    session: boto3.Session, endpoint: str, resources: dict[str, str], stack: dict
) -> None:
    name = stack["outputs"]["TableName"]
    filters = session.client("logs", endpoint_url=endpoint).describe_metric_filters(logGroupName=f"/crm/{name}/api")["metricFilters"]
    transformation = filters[0]["metricTransformations"][0]
    assert (transformation["metricNamespace"], transformation["metricName"]) == (f"CRM/{name}", "GatewayThrottles")
    api = session.client("apigatewayv2", endpoint_url=endpoint)
    log_format = api.get_stage(ApiId=resources["HttpApi"], StageName="$default")["AccessLogSettings"]["Format"]

    def line(status: str, function: str) -> str:
        values = {"$context.status": status, "$context.integration.requestId": function}
        return re.sub(r"\$context\.[A-Za-z.]+", lambda found: values.get(found[0], "x"), log_format)

    # The gateway's own 429, ours, and an answer.
    lines = [line("429", "-"), line("429", "0a1b"), line("200", "0a1c")]
    assert [matches(filters[0]["filterPattern"], text) for text in lines] == [True, False, False]


def test_every_scenario_of_the_embedded_crm_holds_here(admin: Client, stack: dict) -> None:
    program = PROJECT_ROOT / "target" / "debug" / "scenarios"
    done = subprocess.run([program, admin.base_url, stack["parameters"]["BootstrapAdminEmail"], NEW_PASSWORD], timeout=600)
    assert done.returncode == 0, "the lines above say which did not"

"""An embedded CRM of its own for a run: its process, the people who call it and the records they can reach."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import requests
from requests.adapters import HTTPAdapter

ROOT = Path(__file__).resolve().parents[3]
PASSWORD = "seven-otters-juggle"  # That of every demo account, and of everybody made here.
ROLES = ["ADMIN", "MANAGER", "SALES_REP"]
# What is called by somebody who may lose the session, the password or the account by it.
RISKY = {"logout", "password", "refresh", "delete_session", "list_sessions", "update_user", "get_user", "delete_user"}


class Crm:
    """`target/debug/crm` in memory on a free port."""

    def __init__(self, log: Path) -> None:
        self.log = log
        environment = os.environ | {"LOG_LEVEL": "error", "SEARCHES_PER_MINUTE": "100000"}
        with log.open("w") as output:
            self.process = subprocess.Popen(
                [ROOT / "target/debug/crm", "--memory", "--port", "0"], stdout=output, stderr=output, env=environment, cwd=log.parent
            )
        self.base = self._address()

    def _address(self) -> str:
        """Where it listens, as soon as it says so."""
        for _ in range(600):
            for word in self.log.read_text(errors="replace").split():
                if word.startswith("http://127.0.0.1:"):
                    return word.split("/api/")[0].rstrip("/.,")
            if self.process.poll() is not None:
                break
            time.sleep(0.1)
        raise SystemExit(f"the CRM did not start:\n{self.tail()}")

    def tail(self) -> str:
        """The last lines of the log."""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-20:])

    def stop(self) -> None:
        """Ends the process."""
        self.process.terminate()
        try:
            self.process.wait(15)
        except subprocess.TimeoutExpired:
            self.process.kill()


class Door(HTTPAdapter):
    """Calls from an address of its own: sign-ins of the run are not held up by the passwords that its calls guess."""

    def init_poolmanager(self, *arguments, **options) -> None:
        """Binds what Linux has beside 127.0.0.1."""
        source = {"source_address": ("127.0.0.2", 0)} if sys.platform == "linux" else {}
        super().init_poolmanager(*arguments, **options, **source)


class Person:
    """Somebody with an account, signed in."""

    def __init__(self, company: "Company", email: str) -> None:
        self.company, self.email = company, email
        self.sign_in()

    def sign_in(self) -> None:
        """A new session; raises where the account is no longer what it was."""
        answer = self.company.door.post(f"{self.company.api}/auth/login", json={"email": self.email, "password": PASSWORD})
        answer.raise_for_status()
        data = answer.json()["data"]
        self.token, self.refresh, self.id, self.since = data["accessToken"], data["refreshToken"], data["user"]["id"], time.monotonic()

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        """What the CRM answers to a call that has to succeed."""
        for _ in range(2):
            answer = self.company.session.request(
                method, f"{self.company.api}{path}", json=body, headers={"authorization": f"Bearer {self.token}"}
            )
            if answer.status_code != 401:
                break
            self.sign_in()
        if not answer.ok:
            raise SystemExit(f"{method} {path} {json.dumps(body)}: {answer.status_code} {answer.text}")
        return answer.json().get("data") if answer.content else None


class Company:
    """The people and records of a run for one role."""

    def __init__(self, crm: Crm, role: str) -> None:
        self.role, self.api = role, f"{crm.base}/api/v1"
        self.session, self.door = requests.Session(), requests.Session()
        self.session.trust_env = self.door.trust_env = False
        self.door.mount("http://", Door())
        self.made = 0
        # The keeper makes what the run needs; nothing that the run changes is about this account, and no call guesses its name.
        keeper = {"email": "keeper-of-this-run@crm.example", "password": PASSWORD, "role": "ADMIN", "mustChangePassword": False}
        Person(self, "admin@crm.example").ask("POST", "/users", keeper)
        self.keeper = Person(self, keeper["email"])
        self.team = self.keeper.ask("POST", "/teams", {"name": "Hostile input"})["id"]
        self.worker = self._hire()
        if role == "MANAGER":
            self.keeper.ask("PATCH", f"/teams/{self.team}", {"managerId": self.worker.id})
        people = self.keeper.ask("GET", "/users?limit=100")
        self.others = [user["id"] for user in people if user["id"] not in (self.keeper.id, self.worker.id)]
        self.strange = {kind: self._listed(kind) for kind in ["customers", "leads", "follow-ups", "tasks", "projects", "worklogs", "teams", "products", "orders", "promotions", "campaigns", "messages"]}
        self.ids: dict[str, list[str]] = {}
        self.renew()

    def _listed(self, kind: str) -> list[str]:
        """Some records of the demo."""
        return [record["id"] for record in self.keeper.ask("GET", f"/{kind}?limit=4") if record["id"] != self.team]

    def _hire(self) -> Person:
        """A new person of the role."""
        self.made += 1
        email = f"hired-{self.made}@crm.example"
        body = {"email": email, "password": PASSWORD, "role": self.role, "mustChangePassword": False, "teamId": self.team}
        self.keeper.ask("POST", "/users", body)
        return Person(self, email)

    def caller(self, operation: str) -> Person:
        """Who calls an operation."""
        return self.expendable if operation in RISKY else self.worker

    def sign_in_again(self, person: Person) -> Person:
        """The person with a new session, or a new person where the account is spoilt."""
        if person is self.worker:
            person.sign_in()
            return person
        try:
            person.sign_in()
        except requests.HTTPError:
            self.expendable = self._hire()
        return self.expendable

    def renew(self) -> None:
        """New records of every kind that the caller reaches, since calls delete and convert the ones before."""
        self.expendable = self._hire()
        mine = self.worker.id
        fresh: dict[str, list[str]] = {kind: [] for kind in ["customers", "leads", "activities", "follow-ups", "projects", "tasks", "worklogs", "products", "orders", "promotions", "campaigns"]}

        def make(person: Person, kind: str, body: dict[str, Any]) -> str:
            record = person.ask("POST", f"/{kind}", body)["id"]
            fresh[kind].append(record)
            return record

        for number in range(4):
            owner = {"ownerId": mine if number < 3 else None}
            customer = make(self.keeper, "customers", {"name": f"Customer {number}", **owner})
            lead = make(self.keeper, "leads", {"lastName": f"Lead {number}", **owner})
            if number == 3:
                break
            make(self.worker, "activities", {"type": "CALL", "customerId": customer})
            make(self.worker, "activities", {"type": "NOTE", "leadId": lead, "body": "Note"})
            make(self.keeper, "follow-ups", {"leadId": lead, "dueAt": "2031-01-01T00:00:00Z", "assigneeId": mine})
            project = make(self.keeper, "projects", {"name": "Project", "customerId": customer, "ownerId": mine})
            task = make(self.keeper, "tasks", {"title": "Task", "projectId": project, "ownerId": mine})
            product = make(self.keeper, "products", {"sku": f"SKU-{self.made}-{number}", "name": "Product", "priceMinor": 500})
            make(self.keeper, "orders", {"customerId": customer, "items": [{"productId": product, "quantity": 2}]})
            make(self.keeper, "promotions", {"code": f"CODE-{self.made}-{number}", "name": "Promotion", "trigger": "MANUAL", "discountType": "PERCENT", "discountValue": 5, "status": "ACTIVE"})
            make(self.keeper, "campaigns", {"name": f"Campaign {number}", "channel": "SMS", "body": "Hello {{ name }}", "segment": {"ownerIds": [mine]}})
            make(self.worker, "worklogs", {"workDate": "2026-01-05", "minutes": 5, "description": "Work", "taskId": task})
        team = self.keeper.ask("POST", "/teams", {"name": f"Team {self.made}"})["id"]
        spare = Person(self, self.expendable.email)
        sessions = [session["id"] for session in spare.ask("GET", "/auth/sessions")]
        self.ids = {kind: made + self.strange.get(kind, []) for kind, made in fresh.items()}
        self.ids["users"] = [self.expendable.id] * len(self.others) + self.others
        self.ids["teams"] = [team, *self.strange["teams"]]
        self.ids["messages"] = self.strange["messages"]
        self.ids["sessions"] = sessions

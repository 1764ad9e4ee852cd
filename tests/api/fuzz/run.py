"""Hostile input: calls the embedded CRM as each role, with what Schemathesis makes up and worse, and checks every answer.

    python3 tests/api/fuzz/run.py [--cases N] [--seed S] [--role ROLE] [--operation NAME]

A seed stands for one run: the same calls in the same order, but for the ids of records. What fails is printed as a curl
line and with what makes the same calls again. Needs Python 3.10 and a Rust toolchain.
"""

import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1] / "cloud"))

import venv_setup

# The same order of every set in every run, and nothing of Hypothesis in the project. Everything below is imported inside.
STABLE = {"PYTHONHASHSEED": "0", "HYPOTHESIS_STORAGE_DIRECTORY": str(venv_setup.venv_dir("fuzz") / "hypothesis")}
venv_setup.enter_venv("fuzz", HERE / "requirements.txt", STABLE)

import argparse
import json
import multiprocessing
import random
import shlex
import signal
import subprocess
import tempfile
import time
from collections import Counter
from typing import Any

import requests
import schemathesis
from calls import Call, Maker
from checks import Document, complaints
from company import ROLES, ROOT, Company, Crm, Person

ROUND = 25  # Calls of an operation before it is the turn of the next.
SESSION_SECONDS = 600


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cases", type=int, default=5000, help="calls in all, over the roles")
    parser.add_argument("--seed", default="1", help="a number, or `open` for one that nobody knows before")
    parser.add_argument("--role", choices=ROLES, action="append", help="only as this role")
    parser.add_argument("--operation", action="append", help="only this operation")
    return parser.parse_args()


class Run:
    """The calls of one role."""

    def __init__(self, crm: Crm, role: str, number: int, cases: int, only: list[str] | None, progress: Any) -> None:
        self.crm, self.role, self.number, self.progress = crm, role, number, progress
        self.company = Company(self.crm, role)
        described = self.company.session.get(f"{self.company.api}/openapi.json").json()
        self.document = Document(described)
        for item in described["paths"].values():
            for operation in item.values():
                # Tokens are put in here; made-up ones would hide everything behind a 401.
                operation.pop("security", None)
        schema = schemathesis.openapi.from_dict(described)
        operations = {result.ok().definition.raw["operationId"]: result.ok() for result in schema.get_all_operations()}
        self.cases = {name: operation.Case(path_parameters={"id": "x", "role": "x", "name": "x", "kind": "x", "code": "x", "token": "x"}) for name, operation in operations.items()}
        # What ends a record comes last, or there would be nothing left for the others.
        ordered = sorted(operations, key=lambda name: (operations[name].method.upper() == "DELETE", name == "convert_lead"))
        self.operations = {name: operations[name] for name in ordered if not only or name in only}
        self.share = -(-cases // (len(ROLES) * len(operations)))  # Rounded up.
        self.makers: dict[str, Maker] = {}
        self.statuses: Counter[int] = Counter()
        self.reached: set[str] = set()
        self.failures: dict[tuple[str, str], dict[str, Any]] = {}
        self.unsayable = 0

    def run(self) -> dict[str, Any]:
        """All calls; what came of them."""
        left = self.share
        while left > 0:
            self.company.renew()
            for name in self.operations:
                for _ in range(min(ROUND, left)):
                    self.once(name)
                    self.progress.value += 1
            left -= ROUND
        return {
            "role": self.role, "cases": sum(self.statuses.values()), "operations": len(self.operations), "reached": sorted(self.reached), "missed": sorted(set(self.operations) - self.reached),
            "statuses": dict(self.statuses), "failures": list(self.failures.values()), "unsayable": self.unsayable, "log": self.crm.tail() if self.failures else "",
        }  # fmt: skip

    def once(self, name: str) -> None:
        """One call and its checks."""
        if name not in self.makers:
            self.makers[name] = Maker(self.company, self.operations[name], self.document.operations[name], self.number, self.share)
        maker = self.makers[name]
        call = maker.call()
        person = self.company.caller(name)
        if time.monotonic() - person.since > SESSION_SECONDS:
            person = self.company.sign_in_again(person)
        try:
            sent, answer = self.send(call, person)
            if self.session_is_lost(name, call, answer):
                person = self.company.sign_in_again(person)
                sent, answer = self.send(call, person)
        except (requests.exceptions.InvalidHeader, requests.exceptions.InvalidURL, UnicodeError):
            self.unsayable += 1
            return
        except requests.RequestException as error:
            if self.crm.process.poll() is not None:
                raise SystemExit(f"the CRM has ended:\n{self.crm.tail()}") from error
            self.fail(name, "There was no answer", str(error), None, None)
            return
        self.statuses[answer.status_code] += 1
        if answer.ok:
            self.reached.add(name)
            self.keep_cursor(maker, answer)
            self.read_again(name, sent, answer, person)
        if self.session_is_lost(name, call, answer):
            self.fail(name, "401 with a new token", "", sent, answer)
        for complaint in complaints(self.document, self.document.operations[name], call, self.cases, sent, answer):
            title = complaint.partition(":")[0] if complaint.startswith(("Undocumented", "Response violates", "Missing")) else complaint[:160]
            self.fail(name, title, complaint, sent, answer)

    def send(self, call: Call, person: Person) -> tuple[requests.PreparedRequest, requests.Response]:
        """Sends a call."""
        sent = call.prepared(self.company.api, person.token)
        return sent, self.company.session.send(sent, timeout=60, allow_redirects=False)

    def session_is_lost(self, name: str, call: Call, answer: requests.Response) -> bool:
        """Whether a good token was refused."""
        return answer.status_code == 401 and call.token is None and self.document.operations[name].secured

    def keep_cursor(self, maker: Maker, answer: requests.Response) -> None:
        """A real cursor, for calls with other filters than its own."""
        if maker.described.query and answer.headers.get("content-type") == "application/json":
            maker.cursor = (answer.json().get("meta") or {}).get("nextCursor") or maker.cursor

    def read_again(self, name: str, sent: requests.PreparedRequest, answer: requests.Response, person: Person) -> None:
        """A write answers what a read answers, and what was read can be sent back."""
        place = record_of(sent, answer)
        if place is None:
            return
        headers = {"authorization": f"Bearer {person.token}"}
        read = self.company.session.get(place, headers=headers)
        if read.status_code != 200:  # Given away, or the session has ended.
            return
        wrote, found = lasting(answer), lasting(read)
        if wrote != found:
            differ = [field for field in {**wrote, **found} if wrote.get(field) != found.get(field)]
            self.fail(name, f"A read answers other {', '.join(differ)} than the write", f"{read.text}", sent, answer)
        if self.makers[name].back.random() < 0.3:
            back = self.company.session.patch(place, json=found, headers=headers)
            if back.status_code not in (200, 401, 403, 404, 409):
                self.fail(name, "What was read cannot be sent back", f"{back.request.body!r}"[:1500], sent, back)

    def fail(self, name: str, title: str, complaint: str, sent: requests.PreparedRequest | None, answer: requests.Response | None) -> None:
        """Keeps a failure; the first of its kind in full."""
        kept = self.failures.setdefault((name, title), {"operation": name, "title": title, "count": 0})
        kept["count"] += 1
        if kept["count"] == 1:
            kept["complaint"] = complaint
            kept["curl"] = curl(sent, self.company.api) if sent is not None else ""
            kept["answer"] = f"{answer.status_code} {answer.text[:600]}" if answer is not None else ""


# What the system keeps by itself may change between a write and a read.
KEPT = {"counts", "lastContactedAt", "nextFollowUpAt", "nextFollowUp", "loggedMinutes", "nextOccurrenceAt", "lastLoginAt", "stats", "welcomedAt"}
READABLE = ("leads", "customers", "activities", "follow-ups", "tasks", "projects", "products", "orders", "promotions", "campaigns", "users", "settings")


def record_of(sent: requests.PreparedRequest, answer: requests.Response) -> str | None:
    """Where the record of a write is read."""
    if answer.headers.get("content-type") != "application/json" or "idempotency-replayed" in answer.headers:
        return None
    root, _, path = sent.url.partition("?")[0].partition("/api/v1/")
    if path.endswith(("/notes", "/transactions")):  # They answer with the latest notes, and with a payment that its order shows.
        return None
    if answer.status_code == 201:
        path = answer.headers["location"].partition("/api/v1/")[2]
    elif answer.status_code != 200 or sent.method not in ("PATCH", "PUT"):
        return None
    if path.endswith("/promotions"):  # What a customer was given is read with the customer's others.
        return None
    path = path.removesuffix("/assign").removesuffix("/status")
    return f"{root}/api/v1/{path}" if path.split("/")[0] in READABLE else None


def lasting(answer: requests.Response) -> dict[str, Any]:
    """The record in an answer, without what the system keeps."""
    return {field: value for field, value in answer.json()["data"].items() if field not in KEPT}


def curl(sent: requests.PreparedRequest, api: str) -> str:
    """The call for a shell, with $API and $TOKEN."""
    parts = ["curl -s -i -X", sent.method, '"$API"' + shlex.quote(sent.url.removeprefix(api))]
    for name, value in sent.headers.items():
        text = value.decode("utf-8", "replace") if isinstance(value, bytes) else value
        if name.lower() == "authorization" and len(text) > 200:
            parts.append('-H "authorization: Bearer $TOKEN"')
        elif name.lower() != "content-length":
            parts.append(f"-H {shlex.quote(f'{name}: {text}' if text.strip() else f'{name};')}")
    if sent.body:
        body = sent.body if len(sent.body) < 3000 else sent.body[:3000] + b"..."
        readable = all(0x20 <= byte < 0x7F for byte in body)
        parts.append("--data-binary " + (shlex.quote(body.decode()) if readable else "$'" + "".join(f"\\x{byte:02x}" if byte < 0x20 or byte > 0x7E or chr(byte) in "'\\" else chr(byte) for byte in body) + "'"))
    return " ".join(parts)


def work(role: str, number: int, cases: int, only: list[str] | None, progress: Any, folder: Path) -> None:
    """A process: one role, on a CRM of its own."""
    crm = Crm(folder / f"{role}.log")
    try:
        result = Run(crm, role, number, cases, only, progress).run()
    except BaseException as error:
        if not isinstance(error, SystemExit):
            import traceback

            traceback.print_exc()
        result = {"role": role, "broken": str(error) or repr(error)}
    finally:
        crm.stop()
    (folder / f"{role}.json").write_text(json.dumps(result))


def report(result: dict[str, Any], options: argparse.Namespace, number: int) -> bool:
    """Prints what came of a role; whether all is well."""
    role = result["role"]
    if "broken" in result:
        print(f"{role}: {result['broken']}")
        return False
    classes: Counter[str] = Counter()
    for status, count in result["statuses"].items():
        classes[f"{int(status) // 100}xx"] += count
    shown = ", ".join(f"{name} {count}" for name, count in sorted(classes.items()))
    print(f"{role}: {result['cases']} cases of {result['operations']} operations ({len(result['reached'])} of them with success), {shown}, {len(result['failures'])} failures")
    if result["missed"]:
        print(f"  never with success: {', '.join(result['missed'])}")
    for failure in result["failures"]:
        print(f"\n  FAILED {failure['operation']}: {failure['title']} ({failure['count']} times)")
        for line in (failure["complaint"], failure["answer"], failure["curl"]):
            print("    " + line.replace("\n", "\n    "))
        print(f"    again: python3 tests/api/fuzz/run.py --cases {options.cases} --seed {number} --role {role} --operation {failure['operation']}")
    if result["log"]:
        print("\n  the end of the log:\n    " + result["log"].replace("\n", "\n    "))
    return not result["failures"]


def main() -> int:
    """Builds, calls and sums up; the exit status says whether all is well."""
    options = arguments()
    number = random.SystemRandom().randrange(2**32) if options.seed == "open" else int(options.seed)
    roles = options.role or ROLES
    subprocess.run(["cargo", "build", "--quiet", "--workspace", "--bin", "crm"], cwd=ROOT, check=True)
    print(f"{options.cases} cases, seed {number}", flush=True)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # The processes below end their CRM then.
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        progress = {role: multiprocessing.Value("i", 0) for role in roles}
        processes = [
            multiprocessing.Process(target=work, args=(role, number, options.cases, options.operation, progress[role], folder), daemon=True)
            for role in roles
        ]
        for process in processes:
            process.start()
        shown = began
        while any(process.is_alive() for process in processes):
            time.sleep(0.2)
            if time.monotonic() - shown > 15:
                shown = time.monotonic()
                counts = ", ".join(f"{role} {value.value}" for role, value in progress.items())
                print(f"{shown - began:.0f} s: {counts}", flush=True)
        good = True
        for role in roles:
            good &= report(json.loads((folder / f"{role}.json").read_text()), options, number)
    print(f"{'ok' if good else 'FAILED'} after {time.monotonic() - began:.0f} s")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())

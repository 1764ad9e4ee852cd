"""Runs the cloud tests: emulator, build, deployment, pytest.

    python3 tests/cloud/run.py [--project DIR] [--full] [--no-build] [--no-iam] [-- PYTEST ARGUMENTS]

Needs Python 3.11 and a Rust toolchain; no Docker and no AWS account.
"""

import venv_setup

venv_setup.enter_venv()  # Everything below is imported inside the environment.

import argparse
import json
import platform
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import deploy
import requests
import runbook
from conftest import published_keys
from emulator import Emulator
from test_crm import NEW_PASSWORD

ARCHITECTURES = {"x86_64": "x86_64", "aarch64": "arm64", "arm64": "arm64"}
# Parameters of the deployed stack; tests find them in `stack["parameters"]`.
PARAMETERS = {
    "BootstrapAdminEmail": "admin@example.com",
    "DeletionProtection": "false",
    "CorsOrigins": "https://app.example.com",
    "Commit": "cloud-test",
    "SearchesPerMinute": "100000",
    "MailFrom": "crm@example.com",
}
# What the bootstrap has to refuse, and an update without a change of code.
WRONG = {"TimeZone": "Nowhere/Land", "Currency": "JPY"}
CHANGED = {"Currency": "CHF", "Commit": "cloud-test-2", "KeyRotation": "leaked-drill"}
RESTORED = "Restoring data"
DELETED = "Deleting a deployment, and making it again"


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--project", type=Path, default=venv_setup.PROJECT_ROOT, help="where template.yaml is")
    parser.add_argument("--full", action="store_true", help="build with the real release profile")
    parser.add_argument("--no-build", action="store_true", help="deploy what was built before")
    parser.add_argument("--no-iam", action="store_true", help="do not enforce the IAM policies")
    parser.add_argument("--parameter", action="append", default=[], metavar="KEY=VALUE")
    parser.add_argument("pytest", nargs="*", help="arguments for pytest, after --")
    return parser.parse_args()


@contextmanager
def step(name: str) -> Iterator[None]:
    """Prints how long a step took."""
    print(f"== {name}", flush=True)
    start = time.monotonic()
    try:
        yield
    finally:
        print(f"== {name}: {time.monotonic() - start:.1f} s", flush=True)


@dataclass(frozen=True)
class Deployments:
    """What is deployed where, one version after another, and how each is looked at."""

    options: argparse.Namespace
    project: Path
    emulator: Emulator
    parameters: dict[str, str]

    @property
    def work(self) -> Path:
        """Where files are kept for the tests."""
        return self.project / ".aws-sam"

    def deployed(self, **changed: str) -> deploy.Stack:
        """The stack with these parameters, which stay."""
        self.parameters.update(changed)
        return deploy.deploy(self.project, self.emulator, ARCHITECTURES[platform.machine()], dict(self.parameters))

    def refused(self) -> None:
        """A deployment that has to fail."""
        deploy.deploy_refused(self.project, self.emulator, ARCHITECTURES[platform.machine()], self.parameters | WRONG)

    def undeployed(self) -> deploy.Stack:
        """What tests are told while there is no stack."""
        region = self.emulator.client_environment()["AWS_REGION"]
        return deploy.Stack(self.emulator.endpoint, self.emulator.endpoint, region, dict(self.parameters), {}, {})

    def tested(self, stack: deploy.Stack, *files: str) -> None:
        """Runs files of tests against the stack and ends where one fails."""
        (self.work / "stack.json").write_text(json.dumps(asdict(stack), indent=2))
        notes = {"CLOUD_STACK": str(self.work / "stack.json"), "CLOUD_BEFORE": str(self.work / "before.json")}
        command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *(venv_setup.HERE / file for file in files), *self.options.pytest]
        if status := subprocess.run(command, env=self.emulator.client_environment() | notes).returncode:
            sys.exit(status)

    def pasted(self, stack: deploy.Stack, *blocks: tuple[str, int], put: dict[str, str] | None = None) -> str:
        """The last line that these blocks of the runbook print."""
        terminal = runbook.Terminal(deploy.STACK, stack.base_url, "", "", self.emulator.client_environment())
        pasted = terminal.paste(*blocks, put=put)
        if pasted.status:
            raise SystemExit(f"{blocks}: {pasted.errors}")
        return pasted.output.strip().splitlines()[-1]

    def note(self, stack: deploy.Stack) -> None:
        """Notes a session and what is there, for the tests after the next deployment."""
        session = deploy.emulator_session(self.emulator.client_environment())
        admin = {"email": self.parameters["BootstrapAdminEmail"], "password": NEW_PASSWORD}
        opened = requests.post(f"{stack.base_url}/api/v1/auth/login", json=admin, timeout=30).json()["data"]
        header = {"authorization": f"Bearer {opened['accessToken']}"}
        name = {"name": f"Kept{uuid.uuid4().hex[:8]}"}
        made = requests.post(f"{stack.base_url}/api/v1/customers", json=name, headers=header, timeout=30).json()["data"]
        keys = published_keys(deploy.client(session, self.emulator, "dynamodb"), stack.outputs["TableName"])
        found = {"accessToken": opened["accessToken"], "refreshToken": opened["refreshToken"], "keys": keys, "customer": made}
        (self.work / "before.json").write_text(json.dumps(found | {"table": stack.outputs["TableName"]}))
        # What makes it findable comes a moment later, and belongs to what is restored.
        search = f"{stack.base_url}/api/v1/customers?q={name['name'].lower()}"
        while not requests.get(search, headers=header, timeout=30).json()["data"]:
            time.sleep(0.2)


def drill(on: Deployments) -> None:
    """A deployment's life: it fails, succeeds, is updated, loses its table, is deleted and comes again."""
    with step("a first deployment that fails"):
        on.refused()
        on.tested(on.undeployed(), "test_first.py")
    with step("deploy"):
        stack = on.deployed()
    with step("tests"):
        on.tested(stack, "test_crm.py", "test_mails.py", "test_poison.py", "test_runbook.py")
    with step("an update that is refused"):
        on.refused()
    with step("update, after a key leaked"):
        on.note(stack)
        stack = on.deployed(**CHANGED)
        on.tested(stack, "test_update.py")
    with step("the table restored under another name and imported, the stack deleted"):
        on.note(stack)
        stream = on.pasted(stack, (RESTORED, 1), (RESTORED, 2))
        name = f"{stack.outputs['TableName']}-restored"
        stack = on.deployed(TableName=name, TableStreamArn=stream, KeyRotation="planned-drill")
        on.tested(stack, "test_restored.py")
    with step("the stack deployed again on the table that it left"):
        stream = on.pasted(stack, (DELETED, 4), put={"<the name that the first block printed>": name})
        on.tested(on.deployed(TableStreamArn=stream), "test_again.py")


def main() -> int:
    """All steps; the exit status is that of pytest."""
    options = arguments()
    project = options.project.resolve()
    parameters = PARAMETERS | dict(pair.split("=", 1) for pair in options.parameter)
    if not options.no_build:
        with step("build"):
            deploy.build(project, ARCHITECTURES[platform.machine()], parameters, quick=not options.full)
    emulator = Emulator(project / ".aws-sam" / "emulator.log", enforce_iam=not options.no_iam)
    with ExitStack() as running:
        with step("emulator"):
            running.enter_context(emulator)
            print(f"emulator: {emulator.endpoint}, log in {emulator.log_file}", flush=True)
        on = Deployments(options, project, emulator, parameters)
        if options.pytest:
            # Where some tests were picked, they are what is asked for.
            with step("deploy"):
                stack = on.deployed()
            on.tested(stack, "test_crm.py", "test_mails.py", "test_poison.py", "test_runbook.py")
        else:
            drill(on)
    return 0


if __name__ == "__main__":
    sys.exit(main())

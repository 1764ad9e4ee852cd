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
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from pathlib import Path

import deploy
from emulator import Emulator

ARCHITECTURES = {"x86_64": "x86_64", "aarch64": "arm64", "arm64": "arm64"}
# Parameters of the deployed stack; tests find them in `stack["parameters"]`.
PARAMETERS = {
    "BootstrapAdminEmail": "admin@example.com",
    "DeletionProtection": "false",
    "CorsOrigins": "https://app.example.com",
    "Commit": "cloud-test",
    "SearchesPerMinute": "100000",
}
# An update that the bootstrap has to refuse, and one without a change of code.
WRONG = {"TimeZone": "Nowhere/Land", "Currency": "JPY"}
CHANGED = {"Currency": "CHF", "Commit": "cloud-test-2"}


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


def run_tests(tests: str, options: argparse.Namespace, emulator: Emulator, stack: deploy.Stack, work: Path) -> int:
    """Runs a file of tests against the deployed stack and returns pytest's exit status."""
    stack_file = work / "stack.json"
    stack_file.write_text(json.dumps(asdict(stack), indent=2))
    environment = emulator.client_environment() | {"CLOUD_STACK": str(stack_file)}
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", venv_setup.HERE / tests, *options.pytest]
    return subprocess.run(command, env=environment).returncode


def main() -> int:
    """All steps; the exit status is that of pytest."""
    options = arguments()
    project = options.project.resolve()
    work = project / ".aws-sam"
    parameters = PARAMETERS | dict(pair.split("=", 1) for pair in options.parameter)
    architecture = ARCHITECTURES[platform.machine()]
    if not options.no_build:
        with step("build"):
            deploy.build(project, architecture, parameters, quick=not options.full)
    emulator = Emulator(work / "emulator.log", enforce_iam=not options.no_iam)
    with ExitStack() as running:
        with step("emulator"):
            running.enter_context(emulator)
            print(f"emulator: {emulator.endpoint}, log in {emulator.log_file}", flush=True)
        with step("deploy"):
            stack = deploy.deploy(project, emulator, architecture, parameters)
        with step("tests"):
            status = run_tests("test_crm.py", options, emulator, stack, work)
        # Where some tests were picked, they are what is asked for.
        if status or options.pytest:
            return status
        with step("an update that is refused"):
            deploy.deploy_refused(project, emulator, architecture, parameters | WRONG)
        with step("update"):
            stack = deploy.deploy(project, emulator, architecture, parameters | CHANGED)
        with step("tests of the update"):
            return run_tests("test_update.py", options, emulator, stack, work)


if __name__ == "__main__":
    sys.exit(main())

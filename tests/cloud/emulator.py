"""Runs ministack, a local AWS emulator, as a child process.

`with Emulator(log_file) as emulator:` starts it on a free loopback port and
waits until it answers; leaving the block ends it and every Lambda function it
started. They also end when this process dies, however it dies: the child reads
a pipe that only this process holds open, and kills its own process group at
the end of that pipe.
"""

import os
import signal
import socket
import socketserver
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path

REGION = "eu-central-1"
START_SECONDS = 60


def free_port() -> int:
    """A loopback port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Emulator:
    """The emulator's process; `endpoint` is its address."""

    def __init__(self, log_file: Path, enforce_iam: bool = False):
        self.log_file = log_file
        self.enforce_iam = enforce_iam
        self.port = free_port()
        self.endpoint = f"http://127.0.0.1:{self.port}"
        self._files: tempfile.TemporaryDirectory | None = None
        self._process: subprocess.Popen | None = None

    def __enter__(self) -> "Emulator":
        self._files = tempfile.TemporaryDirectory(prefix="crm-emulator-")
        self.log_file.parent.mkdir(parents=True, exist_ok=True)
        with self.log_file.open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, __file__],
                env=self._environment(),
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        try:
            self._wait_until_ready()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_exception) -> None:
        self.stop()

    def stop(self) -> None:
        """Ends the emulator and its Lambda functions. Nothing is kept."""
        self._process.stdin.close()
        try:
            self._process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        self._files.cleanup()

    def client_environment(self) -> dict[str, str]:
        """Environment variables that point AWS clients at the emulator."""
        # LOG_LEVEL is also a setting of the emulator's web server, which knows other levels than ours.
        environment = {key: value for key, value in os.environ.items() if not key.startswith("AWS_") and key != "LOG_LEVEL"}
        return environment | {
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_DEFAULT_REGION": REGION,
            "AWS_REGION": REGION,
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    def _environment(self) -> dict[str, str]:
        # Lambda functions inherit this environment, AWS_ENDPOINT_URL included.
        return self.client_environment() | {
            "GATEWAY_PORT": str(self.port),
            "TMPDIR": self._files.name,
            "BIND_HOST": "127.0.0.1",
            "MINISTACK_HOST": "127.0.0.1",
            "MINISTACK_REGION": REGION,
            "AUTH": str(self.enforce_iam).lower(),
            # It would listen on a fixed port.
            "IOT_MTLS_ENABLED": "false",
        }

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            if self._process.poll() is not None:
                break
            try:
                urllib.request.urlopen(f"{self.endpoint}/_ministack/health", timeout=2).close()
                return
            except (urllib.error.URLError, ConnectionError, TimeoutError):
                time.sleep(0.1)
        raise RuntimeError(f"the emulator did not start, see {self.log_file}")


def die_with_parent() -> None:
    """Kills this process group once the parent's end of stdin is closed."""

    def watch() -> None:
        sys.stdin.buffer.read()
        os.killpg(os.getpgrp(), signal.SIGKILL)

    threading.Thread(target=watch, daemon=True).start()


def keep_attributes() -> None:
    """An update of a nested stack forgets the attributes of what it leaves as it is: here they are kept."""
    from ministack.services.cloudformation import provisioners

    known: dict[tuple[str, str], dict] = {}
    provision, update = provisioners._provision_resource, provisioners._update_resource

    def provisioned(kind: str, logical: str, properties: dict, stack: str, *rest):
        physical, attributes = provision(kind, logical, properties, stack, *rest)
        known[stack, logical] = attributes
        return physical, attributes

    def updated(kind: str, physical: str, old: dict, new: dict, stack: str, logical: str):
        after, attributes = update(kind, physical, old, new, stack, logical, known.get((stack, logical)))
        known[stack, logical] = attributes
        return after, attributes

    provisioners._provision_resource, provisioners._update_resource = provisioned, updated


def import_into_what_is_there() -> None:
    """An import is compared with the whole template of the stack: here with what its conditions left of it."""
    from ministack.services.cloudformation import changesets

    diff, import_changes = changesets._diff_resources, changesets._import_changes
    of_stack: list = []

    def diffed(old: dict, new: dict, resources: dict | None = None, *rest):
        there = resources or {}
        kept = {name: resource for name, resource in old.get("Resources", {}).items() if name in there}
        wanted = {name: resource for name, resource in new.get("Resources", {}).items() if name in there or "Condition" not in resource}
        of_stack[:] = diff(old | {"Resources": kept}, new | {"Resources": wanted}, resources, *rest)
        return diff(old, new, resources, *rest)

    def imported(entries: list, template: dict, _: list):
        return import_changes(entries, template, of_stack)

    changesets._diff_resources, changesets._import_changes = diffed, imported


def serve() -> None:
    """The child's side: becomes the emulator."""
    # With Nagle's algorithm every warm call of a function waits some 40 ms.
    socketserver.StreamRequestHandler.disable_nagle_algorithm = True
    die_with_parent()

    keep_attributes()
    import_into_what_is_there()
    from ministack.app import main

    main()


if __name__ == "__main__":
    serve()

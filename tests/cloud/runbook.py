"""The commands of docs/runbook.md, as somebody who is on call pastes them.

A block is found by its heading and its number there. What the emulator makes necessary is put in: the stack's name, and
the address of the API, which is not that of the outputs.
"""

import os
import pty
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

import venv_setup

# Version 1 of the AWS CLI, the one on PyPI, asks SQS at its own address, whatever the environment says.
SQS_HERE = 'aws() { if [ "$1" = sqs ]; then command aws --endpoint-url "$AWS_ENDPOINT_URL" "$@"; else command aws "$@"; fi; }\n'
API = "API=$(output ApiUrl)"
PAGE = venv_setup.PROJECT_ROOT / "docs" / "runbook.md"
REQUIREMENTS = venv_setup.HERE / "awscli-requirements.txt"


def blocks() -> dict[tuple[str, int], str]:
    """Every block by its heading and its number there, from 1."""
    found: dict[tuple[str, int], str] = {}
    heading, number = "Runbook", 0
    for match in re.finditer(r"^## (?P<heading>[^\n]+)$|^```sh\n(?P<block>.*?)^```$", PAGE.read_text(), re.S | re.M):
        if match["heading"]:
            heading, number = match["heading"], 0
        else:
            number += 1
            found[heading, number] = match["block"]
    return found


@dataclass(frozen=True)
class Pasted:
    """What a terminal shows after blocks were pasted."""

    status: int
    output: str
    errors: str


class Terminal:
    """Somebody's terminal; the variables of one paste are not those of the next."""

    def __init__(self, stack: str, base_url: str, email: str, password: str, environment: dict[str, str] | None = None):
        self.stack, self.api, self.email, self.password = stack, f"{base_url}/api/v1", email, password
        self.environment = environment or dict(os.environ)
        self.path = f"{venv_setup.ensure_venv('awscli', REQUIREMENTS) / 'bin'}{os.pathsep}{os.environ['PATH']}"

    def paste(self, *wanted: tuple[str, int], folder: Path | None = None, put: dict[str, str] | None = None) -> Pasted:
        """Pastes the first lines of the page and then these blocks, with values in place of what a reader fills in."""
        all_blocks = blocks()
        script = SQS_HERE + all_blocks["Runbook", 1].replace("STACK=crm-prod", f"STACK={self.stack}").replace(API, f"API={self.api}")
        if any("admin " in all_blocks[block] for block in wanted):
            # What it asks for stands on the terminal, and is no part of what the blocks print.
            script += "{\n" + all_blocks["Runbook", 3].replace("EMAIL=admin@example.com", f"EMAIL={self.email}") + "} >/dev/null\n"
            script += all_blocks["Runbook", 4]
        script += "".join(f"\n{all_blocks[block]}" for block in wanted)
        for placeholder, value in (put or {}).items():
            assert placeholder in script, placeholder
            script = script.replace(placeholder, value)
        left = re.search(r"<(the|that|a) [^>]*>", script)
        assert not left, f"nobody filled in {left[0]}"
        # The password is typed into a terminal, whose echo is turned off for it.
        keyboard, screen = pty.openpty()
        os.write(keyboard, f"{self.password}\n".encode())
        try:
            # A command that fails ends it, as nobody would go on.
            done = subprocess.run(
                ["bash", "-c", f"set -e -o pipefail\n{script}"],
                cwd=folder,
                env=self.environment | {"PATH": self.path, "AWS_PAGER": ""},
                stdin=screen,
                capture_output=True,
                text=True,
                timeout=120,
            )
        finally:
            os.close(keyboard)
            os.close(screen)
        return Pasted(done.returncode, done.stdout, done.stderr)

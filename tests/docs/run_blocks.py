#!/usr/bin/env python3
"""Runs the bash blocks of a Markdown file against a fresh CRM, as a reader would paste them.

    run_blocks.py docs/tour.md

Starts `target/debug/crm` in memory on port 9000's stand-in (a free port, put in place of 9000), pastes the blocks one
after another into one shell, and fails when a command fails or an answer is not what a reader should see.
"""

import re
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
# What has to appear in the output, in this order.
EXPECTED = {
    "README.md": [
        '"email":"sales@crm.example"', '"ownerName":"Sally Sales"', '"engagement":"HOT"', '"name":"Wayne Enterprises"',
        '"name":"Wayne Enterprises"', '"code":"DUPLICATE"', '"engagement":"HOT"', '"code":"VERSION_MISMATCH"',
        '"pointer":"/colour"', "204", '"code":"UNAUTHENTICATED"',
    ],
    "tour.md": [
        '"title":"Ripley Ellen"', '"ownerName":"Sally Sales"', '"title":"You were given a lead: Ripley Ellen"', '"overdue":true', '"status":"TODO"', '"status":"NEW"',
        '"type":"CALL"', '"type":"NOTE"', '"status":"PENDING"', '"title":"Write the offer"', '"counts":{"activities":2,"followUpsPending":1,"tasksOpen":1}',
        '"nextFollowUp":{', '"status":"QUALIFIED"', '"code":"LEAD_TRANSITION"', '"code":"NOT_FOUND"', '"code":"DUPLICATE"', '"hidden":1',
        '"status":"CONVERTED"', '"outcome":"Wants an offer"', "Send flowers for the launch.", '"counts":{"activities":3,"followUpsPending":1,"tasksOpen":1',
        '"code":"LEAD_CONVERTED"', '"nextOccurrenceAt":"2031-02-28T09:00:00.000Z"', '"name":"Nostromo rollout"', '"minutes":90', '"minutes":30',
        '"status":"DONE"', '"totalMinutes":120', '"counts":{"tasks":2,"tasksOpen":1,"tasksDone":1}', '"loggedMinutes":120', '"ownerName":"Alan Agent"',
        '"code":"NOT_FOUND"', '"status":"CONVERTED"', '"type":"customer.assigned"', '"code":"FORBIDDEN"', '"archived":false',
    ],
}


def free_port() -> int:
    """A port nobody uses."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def main() -> int:
    """Runs the blocks; the exit status says whether they did what the page says."""
    page = Path(sys.argv[1])
    port = free_port()
    blocks = re.findall(r"^```bash\n(.*?)^```", page.read_text(), re.S | re.M)
    script = "set -e\n" + "".join(blocks).replace("127.0.0.1:9000", f"127.0.0.1:{port}").replace("\ncurl", "\necho; curl").replace("\ncall", "\necho; call")
    crm = subprocess.Popen([ROOT / "target/debug/crm", "--memory", "--port", str(port)], stdout=subprocess.DEVNULL)
    try:
        for _ in range(300):
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/api/v1/health").read()
                break
            except OSError:
                time.sleep(0.1)
        done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, timeout=120)
    finally:
        crm.terminate()
        crm.wait(15)
    at = 0
    for expected in EXPECTED[page.name]:
        found = done.stdout.find(expected, at)
        if found < 0:
            print(f"{page}: expected {expected} after character {at} of\n{done.stdout}\n{done.stderr}")
            return 1
        at = found + 1
    print(f"{page}: {len(blocks)} blocks ran, {len(EXPECTED[page.name])} answers were as the page says")
    return done.returncode


if __name__ == "__main__":
    sys.exit(main())

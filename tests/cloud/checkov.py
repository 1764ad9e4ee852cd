"""Looks at expanded templates with Checkov; what is not looked for is in checkov.yaml, each with its reason.

    python3 tests/cloud/checkov.py FOLDER
"""

import os
import sys
from pathlib import Path

import venv_setup

HERE = Path(__file__).resolve().parent
REQUIREMENTS = HERE / "checkov-requirements.txt"


def main(folder: str) -> None:
    """Becomes Checkov; its exit status is 1 when it finds something."""
    checkov = venv_setup.ensure_venv("checkov", REQUIREMENTS) / "bin" / "checkov"
    options = ["--framework", "cloudformation", "--config-file", HERE / "checkov.yaml", "--skip-download", "--compact", "--quiet"]
    # Its figures about a run are sent nowhere.
    os.execve(checkov, [checkov, "--directory", folder, *options], os.environ | {"LOG_LEVEL": "ERROR", "CKV_PARSE_ERROR_FAIL": "true"})


if __name__ == "__main__":
    main(sys.argv[1])

"""Creates and caches the virtual environment of the cloud tests.

Needs nothing but Python itself. The environment lives in `$CRM_TOOLS_DIR/venv`
(`~/.cache/crm-tools/venv` when not set) and is filled again only when
`requirements.txt` changes.
"""

import hashlib
import os
import subprocess
import sys
import venv
from pathlib import Path

HERE = Path(__file__).resolve().parent
PROJECT_ROOT = HERE.parent.parent
REQUIREMENTS = HERE / "requirements.txt"


def venv_dir() -> Path:
    """Where the environment is kept."""
    tools = os.environ.get("CRM_TOOLS_DIR") or Path.home() / ".cache" / "crm-tools"
    return (Path(tools) / "venv").resolve()


def venv_python() -> Path:
    """The environment's interpreter."""
    return venv_dir() / "bin" / "python"


def fingerprint() -> str:
    """Changes when the requirements or the Python version do."""
    content = REQUIREMENTS.read_bytes() + sys.version.encode()
    return hashlib.sha256(content).hexdigest()


def ensure_venv() -> Path:
    """Makes the environment ready and returns its directory."""
    target = venv_dir()
    stamp = target / "requirements.sha256"
    if stamp.is_file() and stamp.read_text() == fingerprint():
        print(f"tools: using {target}", flush=True)
        return target
    print(f"tools: installing {REQUIREMENTS.name} into {target}", flush=True)
    venv.create(target, with_pip=True, clear=True)
    # The list is complete, so nothing is left to resolve; and resolving would
    # fail, because ministack asks for an older botocore than aws-sam-cli does.
    subprocess.run(
        [venv_python(), "-m", "pip", "install", "--quiet", "--disable-pip-version-check",
         "--no-deps", "--requirement", REQUIREMENTS],
        check=True,
    )
    stamp.write_text(fingerprint())
    return target


def enter_venv() -> None:
    """Restarts the running script inside the environment unless it is there."""
    if Path(sys.prefix).resolve() != venv_dir():
        ensure_venv()
        os.execv(venv_python(), [str(venv_python()), *sys.argv])


if __name__ == "__main__":
    ensure_venv()

"""Creates and caches the virtual environments of the tests in Python.

Needs nothing but Python itself. The cloud tests' environment lives in
`$CRM_TOOLS_DIR/venv` (`~/.cache/crm-tools/venv` when not set), others beside it;
one is filled again only when its `requirements.txt` changes.
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


def venv_dir(name: str = "venv") -> Path:
    """Where an environment is kept."""
    tools = os.environ.get("CRM_TOOLS_DIR") or Path.home() / ".cache" / "crm-tools"
    return (Path(tools) / name).resolve()


def venv_python(name: str = "venv") -> Path:
    """An environment's interpreter."""
    return venv_dir(name) / "bin" / "python"


def fingerprint(requirements: Path) -> str:
    """Changes when the requirements or the Python version do."""
    content = requirements.read_bytes() + sys.version.encode()
    return hashlib.sha256(content).hexdigest()


def ensure_venv(name: str = "venv", requirements: Path = REQUIREMENTS) -> Path:
    """Makes an environment ready and returns its directory."""
    target = venv_dir(name)
    stamp = target / "requirements.sha256"
    if stamp.is_file() and stamp.read_text() == fingerprint(requirements):
        print(f"tools: using {target}", flush=True)
        return target
    print(f"tools: installing {requirements.name} into {target}", flush=True)
    venv.create(target, with_pip=True, clear=True)
    # The list is complete, so nothing is left to resolve; and resolving would
    # fail, because ministack asks for an older botocore than aws-sam-cli does.
    subprocess.run(
        [venv_python(name), "-m", "pip", "install", "--quiet", "--disable-pip-version-check",
         "--no-deps", "--requirement", requirements],
        check=True,
    )
    stamp.write_text(fingerprint(requirements))
    return target


def enter_venv(name: str = "venv", requirements: Path = REQUIREMENTS, variables: dict[str, str] | None = None) -> None:
    """Restarts the running script inside an environment, with these variables, unless it is there."""
    if Path(sys.prefix).resolve() != venv_dir(name):
        ensure_venv(name, requirements)
        os.environ.update(variables or {})
        os.execv(venv_python(name), [str(venv_python(name)), *sys.argv])


if __name__ == "__main__":
    ensure_venv()

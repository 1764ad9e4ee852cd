"""Builds the SAM application and deploys it into the emulator.

What the emulator lacks has a stand-in here:

- It transforms the outer template only. `expand` does so with the nested stacks.
- It has no CodeDeploy. `without_canary` leaves out how a version goes live; the alias moves at once.
- It refuses alarms with metric math. `simplify_alarms` deploys them as alarms on
  their first metric.
- It reads the keys of CORS settings in camel case. `camel_case_cors` writes them so.
- It forgets what a nested stack's update leaves as it is, and compares an import with resources that conditions left
  out; see `keep_attributes` and `import_into_what_is_there` in `emulator.py`.
- It expands the template with the parameters' defaults instead of their values.
  `set_defaults` makes the two the same.
"""

import hashlib
import io
import os
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path

import boto3
from botocore.config import Config
from check_template import expand
from samcli.yamlhelper import yaml_dump, yaml_parse

from emulator import Emulator

STACK = "crm-cloud-test"
BUCKET = f"{STACK}-artifacts"
# Not sam's own build directory: what is built here must never reach production.
BUILD_DIR = Path(".aws-sam/cloud-test")
BUILT = BUILD_DIR / "template.yaml"
# Beside each built template stands what the emulator is given.
EMULATED = "emulated.yaml"
# No such section exists, so a samconfig.toml of the project has no effect.
NO_CONFIG = ["--config-env", "cloud-test"]
BIN = Path(sys.executable).parent
# The release profile optimises for cold starts, which takes long. The dev profile is built soon and yet
# optimises what is slow without it, such as the password hash. What nobody debugs here is left out of
# the files that are uploaded.
QUICK_PROFILE = {
    "SAM_BUILD_MODE": "debug",
    "CARGO_PROFILE_DEV_DEBUG": "false",
    "CARGO_PROFILE_DEV_STRIP": "symbols",
}


@dataclass(frozen=True)
class Stack:
    """A deployed stack as the tests see it."""

    base_url: str
    endpoint: str
    region: str
    parameters: dict[str, str]
    outputs: dict[str, str]
    resources: dict[str, str]


def run_sam(arguments: list[str | Path], project: Path, environment: dict[str, str]) -> None:
    """Runs one sam command at the project root; prints its output if it fails."""
    tools = {
        "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}",
        "SAM_CLI_TELEMETRY": "0",
        "AWS_DEFAULT_REGION": environment.get("AWS_DEFAULT_REGION", "eu-central-1"),
    }
    done = subprocess.run(
        [BIN / "sam", *arguments],
        cwd=project,
        env=environment | tools,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    if done.returncode:
        print(done.stdout, flush=True)
        raise SystemExit(f"sam {arguments[0]} failed")


def overrides(architecture: str, parameters: dict[str, str]) -> list[str]:
    """The `--parameter-overrides` arguments."""
    values = {"Architecture": architecture} | parameters
    return ["--parameter-overrides", *(f"{key}={value}" for key, value in values.items())]


def build(project: Path, architecture: str, parameters: dict[str, str], quick: bool = True) -> None:
    """`sam build` into `.aws-sam/build`; `quick` skips the optimisations."""
    # The functions of one binary share what is built, instead of having a copy each.
    shared = {"CARGO_LAMBDA_COMPILER": "cargo", "SAM_CLI_BETA_BUILD_PERFORMANCE": "1"}
    environment = os.environ | shared | (QUICK_PROFILE if quick else {})
    run_sam(
        ["build", "--template", "template.yaml", "--build-dir", BUILD_DIR, *NO_CONFIG,
         *overrides(architecture, parameters)],
        project,
        environment,
    )


def deploy(project: Path, emulator: Emulator, architecture: str, parameters: dict[str, str]) -> Stack:
    """`sam deploy` of the last build, made complete for the emulator."""
    environment = emulator.client_environment()
    session = emulator_session(environment)
    storage = client(session, emulator, "s3")
    if BUCKET not in (bucket["Name"] for bucket in storage.list_buckets()["Buckets"]):
        storage.create_bucket(
            Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": session.region_name}
        )
    write_emulated(project, {"Architecture": architecture} | parameters, storage)
    run_sam(
        ["deploy", "--template-file", BUILD_DIR / EMULATED, "--stack-name", STACK, *NO_CONFIG,
         "--s3-bucket", BUCKET, "--capabilities", "CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND",
         "--no-confirm-changeset", "--no-fail-on-empty-changeset", "--no-progressbar",
         *overrides(architecture, parameters)],
        project,
        environment,
    )
    return describe(session, emulator, parameters)


def deploy_refused(project: Path, emulator: Emulator, architecture: str, parameters: dict[str, str]) -> None:
    """`sam deploy` that has to fail."""
    try:
        deploy(project, emulator, architecture, parameters)
    except SystemExit:
        return
    raise SystemExit(f"what makes no sense was deployed: {parameters}")


def write_emulated(project: Path, parameters: dict[str, str], storage) -> None:
    """Writes the outer template and the nested ones as the emulator takes them."""
    outer = yaml_parse((project / BUILT).read_text())
    set_defaults(outer, parameters)
    simplify_alarms(outer)
    camel_case_cors(outer)
    uploaded: dict[Path, str] = {}
    for resource in nested_stacks(outer):
        file = project / BUILD_DIR / resource["Properties"]["TemplateURL"]
        nested = yaml_parse(file.read_text())
        upload_code(nested, file.parent, storage, uploaded)
        without_canary(nested)
        send_as_anybody(nested)
        nested = expand(nested)
        simplify_alarms(nested)
        file.with_name(EMULATED).write_text(yaml_dump(nested))
        resource["Properties"]["TemplateURL"] = str(file.with_name(EMULATED).relative_to(project / BUILD_DIR))
    (project / BUILD_DIR / EMULATED).write_text(yaml_dump(outer))


def nested_stacks(template: dict) -> list[dict]:
    """The resources of a template that are stacks."""
    return [resource for resource in template["Resources"].values() if resource["Type"] == "AWS::CloudFormation::Stack"]


def upload_code(template: dict, base: Path, storage, uploaded: dict[Path, str]) -> None:
    """Uploads every artifact once.

    `sam deploy` would compress the same binary again for each function that
    uses it, which takes longer than everything else.
    """
    for resource in template["Resources"].values():
        if resource["Type"] != "AWS::Serverless::Function":
            continue
        directory = (base / resource["Properties"]["CodeUri"]).resolve()
        if directory not in uploaded:
            files = sorted(path for path in directory.rglob("*") if path.is_file())
            uploaded[directory] = artifact_key(directory, files)
            storage.put_object(Bucket=BUCKET, Key=uploaded[directory], Body=zip_files(directory, files))
        resource["Properties"]["CodeUri"] = f"s3://{BUCKET}/{uploaded[directory]}"


def artifact_key(directory: Path, files: list[Path]) -> str:
    """Equal for artifacts with the same names and contents."""
    digest = hashlib.sha256()
    for path in files:
        digest.update(str(path.relative_to(directory)).encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def zip_files(directory: Path, files: list[Path]) -> bytes:
    """A zip archive that keeps the files' modes, compressed lightly."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as target:
        for path in files:
            target.write(path, path.relative_to(directory))
    return archive.getvalue()


def simplify_alarms(template: dict) -> None:
    """Replaces the metric math of alarms by the first metric it reads."""
    for resource in template["Resources"].values():
        properties = resource.get("Properties", {})
        if resource["Type"] == "AWS::CloudWatch::Alarm" and "Metrics" in properties:
            queries = properties.pop("Metrics")
            first = next(query["MetricStat"] for query in queries if "MetricStat" in query)
            properties |= first["Metric"] | {"Period": first["Period"], "Statistic": first["Stat"]}


def without_canary(template: dict) -> None:
    """Leaves out how a new version goes live."""
    template["Globals"]["Function"].pop("DeploymentPreference", None)


def send_as_anybody(template: dict) -> None:
    """Lets mails be sent whoever they are from: of the emulator's SES that is asked for no identity, but for `*`."""
    for resource in template["Resources"].values():
        for policy in resource.get("Properties", {}).get("Policies", []):
            for statement in policy["Statement"]:
                if statement.get("Action") == ["ses:SendRawEmail"]:
                    statement["Resource"] = "*"


def camel_case_cors(template: dict) -> None:
    """Writes the keys of CORS settings as the emulator reads them."""
    for resource in template["Resources"].values():
        if resource["Type"] == "AWS::ApiGatewayV2::Api":
            branches = resource["Properties"]["CorsConfiguration"]["Fn::If"]
            branches[1] = {key[0].lower() + key[1:]: value for key, value in branches[1].items()}


def set_defaults(template: dict, parameters: dict[str, str]) -> None:
    """Makes the values of the parameters their defaults."""
    for name, value in parameters.items():
        template["Parameters"][name]["Default"] = value


def emulator_session(environment: dict[str, str]) -> boto3.Session:
    """A boto3 session with the emulator's credentials."""
    return boto3.Session(
        environment["AWS_ACCESS_KEY_ID"],
        environment["AWS_SECRET_ACCESS_KEY"],
        region_name=environment["AWS_DEFAULT_REGION"],
    )


def client(session: boto3.Session, emulator: Emulator, service: str):
    """A client for one of the emulator's services."""
    return session.client(
        service, endpoint_url=emulator.endpoint, config=Config(s3={"addressing_style": "path"})
    )


def describe(session: boto3.Session, emulator: Emulator, parameters: dict[str, str]) -> Stack:
    """Reads the stack's outputs and what it is made of."""
    formation = client(session, emulator, "cloudformation")
    stack = formation.describe_stacks(StackName=STACK)["Stacks"][0]
    resources = physical_ids(formation, STACK)
    return Stack(
        base_url=f"{emulator.endpoint}/_aws/execute-api/{resources['HttpApi']}/$default",
        endpoint=emulator.endpoint,
        region=session.region_name,
        parameters=parameters,
        outputs={output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", [])},
        resources=resources,
    )


def physical_ids(formation, stack: str) -> dict[str, str]:
    """Physical ids by logical id, those of nested stacks among them."""
    found: dict[str, str] = {}
    for page in formation.get_paginator("list_stack_resources").paginate(StackName=stack):
        for resource in page["StackResourceSummaries"]:
            found[resource["LogicalResourceId"]] = resource["PhysicalResourceId"]
            if resource["ResourceType"] == "AWS::CloudFormation::Stack":
                found |= physical_ids(formation, resource["PhysicalResourceId"])
    return found

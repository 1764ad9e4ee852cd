"""Builds the SAM application and deploys it into the emulator.

Four gaps of the emulator are closed here:

- It ignores `AWS::ApiGatewayV2::Api.Body`, which is what the HttpApi events of
  SAM become. `replay_routes` reads that OpenAPI body from the processed template
  and creates its routes and its CORS settings over the API.
- It refuses alarms with metric math. `simplify_alarms` deploys them as alarms on
  their first metric.
- It knows no resources for SES, so only `*` allows a call. `widen_ses` puts it
  into the statements whose actions are all of SES.
- It expands the template with the parameters' defaults instead of their values.
  `set_defaults` makes the two the same.
"""

import hashlib
import io
import os
import re
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import boto3
from botocore.config import Config
from samcli.yamlhelper import yaml_dump, yaml_parse

from emulator import Emulator

STACK = "crm-cloud-test"
BUCKET = f"{STACK}-artifacts"
# Not sam's own build directory: what is built here must never reach production.
BUILD_DIR = Path(".aws-sam/cloud-test")
BUILT = BUILD_DIR / "template.yaml"
EMULATED = BUILD_DIR / "emulated.yaml"
# No such section exists, so a samconfig.toml of the project has no effect.
NO_CONFIG = ["--config-env", "cloud-test"]
BIN = Path(sys.executable).parent
METHODS = {"get", "put", "post", "patch", "delete", "head", "options", "x-amazon-apigateway-any-method"}
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
    storage.create_bucket(
        Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": session.region_name}
    )
    template = yaml_parse((project / BUILT).read_text())
    upload_code(template, project / BUILD_DIR, storage)
    simplify_alarms(template)
    widen_ses(template)
    set_defaults(template, {"Architecture": architecture} | parameters)
    (project / EMULATED).write_text(yaml_dump(template))
    run_sam(
        ["deploy", "--template-file", EMULATED, "--stack-name", STACK, *NO_CONFIG,
         "--s3-bucket", BUCKET, "--capabilities", "CAPABILITY_IAM", "CAPABILITY_NAMED_IAM",
         "--no-confirm-changeset", "--no-fail-on-empty-changeset", "--no-progressbar",
         *overrides(architecture, parameters)],
        project,
        environment,
    )
    return describe(session, emulator, parameters)


def upload_code(template: dict, build_dir: Path, storage) -> None:
    """Uploads every artifact once.

    `sam deploy` would compress the same binary again for each function that
    uses it, which takes longer than everything else.
    """
    uploaded: dict[str, str] = {}
    for resource in template["Resources"].values():
        if resource["Type"] != "AWS::Serverless::Function":
            continue
        code = resource["Properties"]["CodeUri"]
        if code not in uploaded:
            directory = build_dir / code
            files = sorted(path for path in directory.rglob("*") if path.is_file())
            uploaded[code] = artifact_key(directory, files)
            storage.put_object(Bucket=BUCKET, Key=uploaded[code], Body=zip_files(directory, files))
        resource["Properties"]["CodeUri"] = f"s3://{BUCKET}/{uploaded[code]}"


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


def widen_ses(node) -> None:
    """Lets every IAM statement about SES alone apply to all resources."""
    if isinstance(node, list):
        for item in node:
            widen_ses(item)
    elif isinstance(node, dict):
        actions = node.get("Action", [])
        actions = [actions] if isinstance(actions, str) else actions
        if "Effect" in node and actions and all(str(action).startswith("ses:") for action in actions):
            node["Resource"] = "*"
        for item in node.values():
            widen_ses(item)


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
    """Reads the stack's outputs and makes its HTTP API answer."""
    formation = client(session, emulator, "cloudformation")
    stack = formation.describe_stacks(StackName=STACK)["Stacks"][0]
    template = formation.get_template(StackName=STACK, TemplateStage="Processed")["TemplateBody"]
    resources = {
        resource["LogicalResourceId"]: resource["PhysicalResourceId"]
        for page in formation.get_paginator("list_stack_resources").paginate(StackName=STACK)
        for resource in page["StackResourceSummaries"]
    }
    functions = FunctionArns(client(session, emulator, "lambda"), resources)
    gateway = client(session, emulator, "apigatewayv2")
    bodies = http_api_bodies(template)
    for logical_id, body in bodies:
        body["x-amazon-apigateway-cors"] = Values(template, parameters).of(body.get("x-amazon-apigateway-cors"))
        replay_routes(gateway, resources[logical_id], body, functions)
    api_id = resources[bodies[0][0]]
    return Stack(
        base_url=f"{emulator.endpoint}/_aws/execute-api/{api_id}/$default",
        endpoint=emulator.endpoint,
        region=session.region_name,
        parameters=parameters,
        outputs={output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", [])},
        resources=resources,
    )


def http_api_bodies(template: dict) -> list[tuple[str, dict]]:
    """The logical id and the OpenAPI body of every HTTP API."""
    return [
        (logical_id, resource["Properties"]["Body"])
        for logical_id, resource in template["Resources"].items()
        if resource["Type"] == "AWS::ApiGatewayV2::Api" and "Body" in resource.get("Properties", {})
    ]


class FunctionArns:
    """Resolves the integration URIs of a body to the ARNs of functions."""

    def __init__(self, lambda_client, resources: dict[str, str]):
        self._client = lambda_client
        self._resources = resources
        self._known: dict[str, str] = {}

    def of(self, uri: dict) -> str:
        """The ARN for `{"Fn::Sub": "…/functions/${Name.Arn}/invocations"}`."""
        logical_id = re.search(r"functions/\$\{(\w+)(?:\.\w+)?\}", uri["Fn::Sub"]).group(1)
        if logical_id not in self._known:
            name = self._resources[logical_id]
            self._known[logical_id] = self._client.get_function(FunctionName=name)["Configuration"]["FunctionArn"]
        return self._known[logical_id]


class Values:
    """Works out the intrinsic functions that a template's CORS settings use."""

    def __init__(self, template: dict, parameters: dict[str, str]):
        defaults = {name: parameter.get("Default") for name, parameter in template.get("Parameters", {}).items()}
        self._parameters = defaults | parameters
        self._conditions = template.get("Conditions", {})

    def of(self, node):
        """The value; members and items without one (`AWS::NoValue`) are left out."""
        if isinstance(node, list):
            return [value for item in node if (value := self.of(item)) is not None]
        if not isinstance(node, dict):
            return node
        match node:
            case {"Ref": "AWS::NoValue"}:
                return None
            case {"Ref": name}:
                return self._parameters[name]
            case {"Fn::If": [condition, then, otherwise]}:
                return self.of(then if self.of(self._conditions[condition]) else otherwise)
            case {"Fn::Not": [condition]}:
                return not self.of(condition)
            case {"Fn::Equals": [left, right]}:
                return self.of(left) == self.of(right)
            case {"Fn::Split": [separator, text]}:
                return self.of(text).split(separator)
        return {name: value for name, item in node.items() if (value := self.of(item)) is not None}


def operations(body: dict) -> Iterator[tuple[str, dict]]:
    """The route key and the operation of every route of an OpenAPI body."""
    for path, item in body.get("paths", {}).items():
        for method, operation in item.items():
            if path.strip("/") == "$default":
                yield "$default", operation
            elif method in METHODS:
                verb = "ANY" if method.startswith("x-") else method.upper()
                yield f"{verb} {path}", operation


def replay_routes(gateway, api_id: str, body: dict, functions: FunctionArns) -> None:
    """Creates the routes, one integration per function, and the CORS settings."""
    integrations: dict[str, str] = {}
    for route_key, operation in operations(body):
        if operation.get("security"):
            raise NotImplementedError(f"{route_key} has an authorizer")
        integration = operation["x-amazon-apigateway-integration"]
        function_arn = functions.of(integration["uri"])
        if function_arn not in integrations:
            integrations[function_arn] = gateway.create_integration(
                ApiId=api_id,
                IntegrationType="AWS_PROXY",
                IntegrationUri=function_arn,
                PayloadFormatVersion=integration["payloadFormatVersion"],
            )["IntegrationId"]
        gateway.create_route(
            ApiId=api_id, RouteKey=route_key, Target=f"integrations/{integrations[function_arn]}"
        )
    cors = body.get("x-amazon-apigateway-cors")
    if cors:
        gateway.update_api(
            ApiId=api_id, CorsConfiguration={key[0].upper() + key[1:]: value for key, value in cors.items()}
        )

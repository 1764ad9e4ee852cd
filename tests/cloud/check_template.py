"""Checks the size of the stacks and their IAM statements without a network.

SAM turns one function into several resources. This expands the template and its
nested stacks the way the cloud does, and compares the results with the limits that
bite first: as they are, and as they would be with 300 routes.

    python3 tests/cloud/check_template.py [project [folder]]

The expanded templates are written into the folder, for whoever else reads them.
"""

import venv_setup

venv_setup.enter_venv()  # Everything below is imported inside the environment.

import logging
import os
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from unittest import mock

from samcli.yamlhelper import yaml_dump, yaml_parse
from samtranslator.translator.transform import transform

# It tells of metrics and features of its own.
logging.getLogger("samtranslator").setLevel(logging.ERROR)

RESOURCE_LIMIT = 400  # CloudFormation's own is 500 for each stack.
INTEGRATION_LIMIT = 300  # API Gateway's, for each HTTP API.
ROUTES = 300  # What the stacks have to carry one day.
ROUTE = "AWS::ApiGatewayV2::Route"
INTEGRATION = "AWS::ApiGatewayV2::Integration"
REGION = "eu-central-1"


class NoManagedPolicies:
    """Stands for the IAM look-up; managed policies are named by ARN here."""

    def load(self) -> dict[str, str]:
        """No managed policy is known by its bare name."""
        return {}


def expand(template: dict, tracing: str = "Disabled") -> dict:
    """The template as CloudFormation receives it after the SAM transform, which reads this parameter alone."""
    with mock.patch.dict(os.environ, {"AWS_DEFAULT_REGION": REGION}):
        return transform(template, {"Tracing": tracing}, NoManagedPolicies())


def local_code_to_s3(template: dict) -> None:
    """Puts an S3 address where `sam package` would put one."""
    for resource in template["Resources"].values():
        if resource["Type"] == "AWS::Serverless::Function":
            resource["Properties"]["CodeUri"] = "s3://bucket/code.zip"


def expanded_stacks(project: Path, parts: int = 1, tracing: str = "Disabled") -> dict[str, dict]:
    """Every expanded template by its file, with each route as many times as `parts` says.

    Canaries cost resources, so they are counted with: a deployment may use them.
    """
    stacks = {}
    for file in [project / "template.yaml", *sorted((project / "stacks").glob("*.yaml"))]:
        template = yaml_parse(file.read_text())
        local_code_to_s3(template)
        canary = template.get("Globals", {}).get("Function", {}).get("DeploymentPreference")
        if canary:
            canary |= {"Enabled": True, "Type": "Canary10Percent5Minutes"}
        multiply(template, parts)
        stacks[str(file.relative_to(project))] = expand(template, tracing)
    return stacks


def multiply(template: dict, parts: int) -> None:
    """Adds copies of every function that a route calls, with what belongs to it."""
    resources = template["Resources"]
    called = [name.removesuffix("Integration") for name, resource in resources.items() if resource["Type"] == INTEGRATION]
    ends = ("Function", "Permission", "Integration", "Route", "PutRoute")
    for part in range(2, parts + 1):
        for name in called:
            for end in (end for end in ends if f"{name}{end}" in resources):
                text = yaml_dump(resources[f"{name}{end}"]).replace(f"{name}Function", f"{name}{part}Function")
                resources[f"{name}{part}{end}"] = yaml_parse(text.replace(f"{name}Integration", f"{name}{part}Integration"))


def policy_documents(expanded: dict) -> Iterator[tuple[str, dict]]:
    """The owner and the document of every identity policy."""
    for logical_id, resource in expanded["Resources"].items():
        properties = resource.get("Properties", {})
        if resource["Type"] == "AWS::IAM::Role":
            for policy in properties.get("Policies", []):
                yield logical_id, policy["PolicyDocument"]
        elif resource["Type"] in ("AWS::IAM::Policy", "AWS::IAM::ManagedPolicy"):
            yield logical_id, properties["PolicyDocument"]


def as_list(value) -> list:
    """IAM allows one value where it allows several."""
    return value if isinstance(value, list) else [value]


def is_wide(pattern) -> bool:
    """Whether a resource or an action contains a `*`, in a function as well."""
    return "*" in str(pattern)


def wide_statements(expanded: dict) -> Iterator[str]:
    """A line for every statement that allows a `*` in a resource or an action."""
    for owner, document in policy_documents(expanded):
        for statement in as_list(document["Statement"]):
            if statement["Effect"] == "Deny":
                continue
            resources = as_list(statement.get("Resource", []))
            actions = as_list(statement.get("Action", []))
            if any(map(is_wide, resources)) or any(map(is_wide, actions)):
                yield f"{owner}: {', '.join(actions)} on {', '.join(map(str, resources))}"


def missed_settings(project: Path, stacks: dict[str, dict]) -> Iterator[str]:
    """A line for every function that would not be published anew when a parameter it reads changes.

    SAM does not look at the values of parameters; a version is replaced when its description is another one, which
    is made of the settings that the bootstrap is given.
    """
    bootstrap = stacks["stacks/bootstrap.yaml"]["Resources"]["Bootstrap"]["Properties"]
    told = {value["Ref"] for value in bootstrap["Settings"].values()}
    parameters = yaml_parse((project / "template.yaml").read_text())["Parameters"]
    for file, stack in stacks.items():
        versions = {name: resource for name, resource in stack["Resources"].items() if resource["Type"] == "AWS::Lambda::Version"}
        for name, version in versions.items():
            if version["Properties"].get("Description") != {"Ref": "SettingsId"}:
                yield f"{file}: {name} does not follow the settings"
        functions = [resource for resource in stack["Resources"].values() if resource["Type"] == "AWS::Lambda::Function"]
        if versions and len(versions) != len(functions):
            yield f"{file}: {len(functions)} functions and {len(versions)} versions"
        for function in functions if versions else []:
            values = function["Properties"]["Environment"]["Variables"].values()
            read = {value["Ref"] for value in values if isinstance(value, dict) and "Ref" in value} & set(parameters)
            # Given by no variable, and by nothing at all while it is off.
            read.add("Tracing")
            for parameter in read - told:
                yield f"{file}: {parameter} is read, and its change makes no new version"
            for parameter in told - read:
                yield f"{file}: a change of {parameter} alone makes a version that differs in nothing, which Lambda refuses"


def mistraced(stacks: dict[str, dict], is_on: bool) -> Iterator[str]:
    """A line for every function that is traced and should not be, or the other way round, with the leave to be."""
    for file, stack in stacks.items():
        for name, resource in stack["Resources"].items():
            is_traced = "TracingConfig" in resource.get("Properties", {})
            if resource["Type"] == "AWS::Lambda::Function" and is_traced != is_on:
                yield f"{file}: {name} is {'' if is_traced else 'not '}traced"
            may_trace = "xray" in str(resource.get("Properties", {})).lower()
            if resource["Type"] == "AWS::IAM::Role" and name.endswith("FunctionRole") and may_trace != is_on:
                yield f"{file}: {name} may {'' if may_trace else 'not '}write traces"


def report(title: str, stacks: dict[str, dict]) -> bool:
    """Prints what each stack has; whether all of it is within the limits."""
    kinds = {file: Counter(resource["Type"] for resource in stack["Resources"].values()) for file, stack in stacks.items()}
    integrations = sum(count[INTEGRATION] for count in kinds.values())
    routes = sum(count[ROUTE] for count in kinds.values())
    print(f"{title}: {routes} routes, {integrations} of {INTEGRATION_LIMIT} integrations, at most {RESOURCE_LIMIT} resources a stack")
    for file, count in kinds.items():
        print(f"{count.total():6} {file}, {count[ROUTE]} routes")
    # Of more routes than there will ever be a part.
    share = min(1, ROUTES / routes)
    return integrations * share <= INTEGRATION_LIMIT and all(count.total() <= RESOURCE_LIMIT for count in kinds.values())


def main(project: Path, folder: Path | None = None) -> int:
    """Prints the counts; the exit status is 1 when a limit is exceeded."""
    stacks = expanded_stacks(project)
    if folder:
        for file, stack in stacks.items():
            (folder / file.replace("/", "-")).write_text(yaml_dump(stack))
    for stack in stacks.values():
        for line in wide_statements(stack):
            print(f"wide: {line}")
    missed = [
        *missed_settings(project, stacks),
        *mistraced(stacks, False),
        *mistraced(expanded_stacks(project, tracing="Active"), True),
    ]
    for line in missed:
        print(f"missed: {line}")
    routes = sum(resource["Type"] == ROUTE for stack in stacks.values() for resource in stack["Resources"].values())
    held = report("now", stacks)
    # Without the parts of a route the limits are those of the day when there are as many.
    parts = -(-ROUTES // routes)
    return int(bool(missed) or not (held & report(f"each route {parts} times", expanded_stacks(project, parts))))


if __name__ == "__main__":
    sys.exit(main(*map(Path, sys.argv[1:] or ["."])))

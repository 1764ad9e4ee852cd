"""Checks the size of the stacks and their IAM statements without a network.

SAM turns one function into several resources. This expands the template and its
nested stacks the way the cloud does, and compares the results with the limits that
bite first: as they are, and as they would be with 300 routes.

    python3 tests/cloud/check_template.py [project]
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


def expand(template: dict) -> dict:
    """The template as CloudFormation receives it after the SAM transform."""
    with mock.patch.dict(os.environ, {"AWS_DEFAULT_REGION": REGION}):
        return transform(template, {}, NoManagedPolicies())


def local_code_to_s3(template: dict) -> None:
    """Puts an S3 address where `sam package` would put one."""
    for resource in template["Resources"].values():
        if resource["Type"] == "AWS::Serverless::Function":
            resource["Properties"]["CodeUri"] = "s3://bucket/code.zip"


def expanded_stacks(project: Path, parts: int = 1) -> dict[str, dict]:
    """Every expanded template by its file, with each route as many times as `parts` says.

    Canaries cost resources, so they are counted with: a deployment may use them.
    """
    stacks = {}
    for file in [project / "template.yaml", *sorted((project / "stacks").glob("*.yaml"))]:
        template = yaml_parse(file.read_text())
        local_code_to_s3(template)
        canary = template.get("Globals", {}).get("Function", {}).get("DeploymentPreference")
        if canary:
            canary["Type"] = "Canary10Percent5Minutes"
        multiply(template, parts)
        stacks[str(file.relative_to(project))] = expand(template)
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


def report(title: str, stacks: dict[str, dict]) -> bool:
    """Prints what each stack has; whether all of it is within the limits."""
    kinds = {file: Counter(resource["Type"] for resource in stack["Resources"].values()) for file, stack in stacks.items()}
    integrations = sum(count[INTEGRATION] for count in kinds.values())
    routes = sum(count[ROUTE] for count in kinds.values())
    print(f"{title}: {routes} routes, {integrations} of {INTEGRATION_LIMIT} integrations, at most {RESOURCE_LIMIT} resources a stack")
    for file, count in kinds.items():
        print(f"{count.total():6} {file}, {count[ROUTE]} routes")
    return integrations <= INTEGRATION_LIMIT and all(count.total() <= RESOURCE_LIMIT for count in kinds.values())


def main(project: Path) -> int:
    """Prints the counts; the exit status is 1 when a limit is exceeded."""
    stacks = expanded_stacks(project)
    for stack in stacks.values():
        for line in wide_statements(stack):
            print(f"wide: {line}")
    routes = sum(resource["Type"] == ROUTE for stack in stacks.values() for resource in stack["Resources"].values())
    held = report("now", stacks)
    # Without the parts of a route the limits are those of the day when there are as many.
    parts = -(-ROUTES // routes)
    return int(not (held & report(f"each route {parts} times", expanded_stacks(project, parts))))


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1] if len(sys.argv) > 1 else ".")))

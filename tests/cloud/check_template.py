"""Checks the template's size and its IAM statements without a network.

SAM turns one function into several resources. This expands the template the way
the cloud does and compares the result with the limits that bite first.

    python3 tests/cloud/check_template.py [template.yaml]
"""

import venv_setup

venv_setup.enter_venv()  # Everything below is imported inside the environment.

import os
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from unittest import mock

from samcli.yamlhelper import yaml_parse
from samtranslator.translator.transform import transform

RESOURCE_LIMIT = 460  # CloudFormation's own is 500.
INTEGRATION_LIMIT = 300  # API Gateway's, per HTTP API.
REGION = "eu-central-1"


class NoManagedPolicies:
    """Stands for the IAM look-up; managed policies are named by ARN here."""

    def load(self) -> dict[str, str]:
        """No managed policy is known by its bare name."""
        return {}


def expand(template_file: Path) -> dict:
    """The template as CloudFormation receives it after the SAM transform."""
    template = yaml_parse(template_file.read_text())
    local_code_to_s3(template)
    with mock.patch.dict(os.environ, {"AWS_DEFAULT_REGION": REGION}):
        return transform(template, {}, NoManagedPolicies())


def local_code_to_s3(template: dict) -> None:
    """Puts an S3 address where `sam package` would put one."""
    for resource in template["Resources"].values():
        if resource["Type"] == "AWS::Serverless::Function":
            resource["Properties"]["CodeUri"] = "s3://bucket/code.zip"


def count_integrations(expanded: dict) -> int:
    """The integrations of the largest HTTP API: one per route in a body."""
    bodies = [
        resource["Properties"].get("Body", {})
        for resource in expanded["Resources"].values()
        if resource["Type"] == "AWS::ApiGatewayV2::Api"
    ]
    return max((sum(len(item) for item in body.get("paths", {}).values()) for body in bodies), default=0)


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


def main(template_file: Path) -> int:
    """Prints the counts; the exit status is 1 when a limit is exceeded."""
    expanded = expand(template_file)
    kinds = Counter(resource["Type"] for resource in expanded["Resources"].values())
    for kind, count in kinds.most_common():
        print(f"{count:5} {kind}")
    for line in wide_statements(expanded):
        print(f"wide: {line}")
    resources, integrations = kinds.total(), count_integrations(expanded)
    print(f"resources {resources} of {RESOURCE_LIMIT}, integrations {integrations} of {INTEGRATION_LIMIT}")
    return int(resources > RESOURCE_LIMIT or integrations > INTEGRATION_LIMIT)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1] if len(sys.argv) > 1 else "template.yaml")))

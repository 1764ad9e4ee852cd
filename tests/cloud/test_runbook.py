"""Every command of the runbook is pasted into the deployment: here, or by the drill that it belongs to."""

import json
import subprocess
from pathlib import Path

import boto3
import pytest
import runbook
from deploy import BUILD_DIR
from samcli.yamlhelper import yaml_parse

HERE = Path(__file__).parent
# What is pasted elsewhere, with what comes before and after it.
DRILLS = {
    "ParkedAlarm": "test_poison.py",
    "StreamDroppedAlarm": "test_poison.py",
    "A token or the key leaked": "test_update.py",
    "Taking a version back": "test_first.py",
    "Deleting a deployment, and making it again": "run.py",
    "Restoring data": "run.py",
}
# What a reader fills in or waits for.
PUT = {
    "RuleDeliveryAlarm": {"sleep 60": "sleep 0"},
    "StreamAgeAlarm": {"<the worker: projector or relay>": "relay"},
    "Runbook": {"<the id>": "no-such-request"},
}
# Whose values are found by the test that pastes them.
FILLED_IN = [
    "The secret is damaged, or the keys disagree",
    "The stage cannot be updated because of a route that is gone",
    "A deployment could not be taken back",
]
FIRST_LINES = ("Runbook", 1)
# What the emulator cannot show of these: it takes filters of the log without going by them.
ALONE = sorted({heading for heading, _ in runbook.blocks()} - DRILLS.keys() - set(FILLED_IN))


@pytest.mark.parametrize("heading", ALONE)
def test_the_commands_work_as_they_are_pasted(heading: str, terminal: runbook.Terminal) -> None:
    wanted = [block for block in runbook.blocks() if block[0] == heading and block != FIRST_LINES]
    pasted = terminal.paste(*wanted, put=PUT.get(heading))
    assert pasted.status == 0 and not pasted.errors, pasted


def test_every_other_block_has_its_drill() -> None:
    for heading, file in DRILLS.items():
        assert heading in (HERE / file).read_text(), f"{heading} is not pasted by {file}"


def test_an_earlier_version_of_a_secret_is_put_back(terminal: runbook.Terminal, session: boto3.Session, endpoint: str) -> None:
    secrets = session.client("secretsmanager", endpoint_url=endpoint)
    arn = secrets.create_secret(Name="of-the-runbook", SecretString="good")["ARN"]
    good = secrets.describe_secret(SecretId=arn)["VersionIdsToStages"]
    bad = secrets.put_secret_value(SecretId=arn, SecretString="damaged")["VersionId"]
    put = {'"$(output SecretArn)"': arn, "<the id with AWSPREVIOUS>": next(iter(good)), "<the id with AWSCURRENT>": bad}
    pasted = terminal.paste((FILLED_IN[0], 1), put=put)
    assert pasted.status == 0 and "AWSPREVIOUS" in pasted.output, pasted
    assert secrets.get_secret_value(SecretId=arn)["SecretString"] == "good"
    secrets.delete_secret(SecretId=arn, ForceDeleteWithoutRecovery=True)


def test_the_commands_about_a_route_that_is_gone_are_whole(terminal: runbook.Terminal, resources: dict) -> None:
    put = {
        "<that id>": resources["HttpApi"],
        "<the key, such as POST /api/v1/auth/login>": "POST /api/v1/auth/login",
        # The emulator has no settings of routes and would delete the stage: the AWS CLI looks at the command alone.
        "delete-route-settings": "delete-route-settings --generate-cli-skeleton output",
    }
    pasted = terminal.paste((FILLED_IN[1], 1), put=put)
    assert pasted.status == 0 and resources["HttpApi"] in pasted.output, pasted


def test_a_stack_is_taken_back_to_the_end_only_where_that_failed(terminal: runbook.Terminal) -> None:
    # A way back that fails is not made here: the commands are whole, and refused for the state that the stack is in alone.
    listed = terminal.paste((FILLED_IN[2], 1))
    assert listed.status == 0 and not listed.errors, listed
    for number in (2, 3):
        pasted = terminal.paste((FILLED_IN[2], number))
        assert pasted.status != 0 and "cannot be called from current stack status" in pasted.errors, pasted
    told = {"aws cloudformation continue-update-rollback": "echo", "aws cloudformation wait stack-rollback-complete": "true"}
    nested = terminal.paste((FILLED_IN[2], 3), put=told)
    assert f"{terminal.stack}-BootstrapStack" in nested.output and nested.output.strip().endswith(".Bootstrap"), nested


def test_the_block_after_a_first_deployment_that_failed_leaves_every_other_stack_alone(terminal: runbook.Terminal) -> None:
    pasted = terminal.paste(("Taking a version back", 2))
    assert pasted.status == 0 and pasted.output.startswith("not deleted") and "COMPLETE" in pasted.output, pasted


def test_a_function_that_does_not_start_says_so_where_errors_finds_it() -> None:
    build = runbook.venv_setup.PROJECT_ROOT / BUILD_DIR
    stack = yaml_parse((build / "AuthStack" / "template.yaml").read_text())
    code = build / "AuthStack" / stack["Resources"]["LoginFunction"]["Properties"]["CodeUri"] / "bootstrap"
    for environment, named in [({}, "AWS_ACCESS_KEY_ID"), ({"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b", "AWS_REGION": "c"}, "TABLE_NAME")]:
        done = subprocess.run([code.resolve()], env={"_HANDLER": "login"} | environment, capture_output=True, text=True, timeout=30)
        assert done.returncode != 0
        line = json.loads(done.stdout.splitlines()[0])
        assert (line["level"], line["at"]) == ("error", "start") and named in line["cause"], line

"""The files that deploy the server say what the server knows; `make check-deploy` checks their form."""

import re
import shlex
from pathlib import Path

import pytest
import yaml

from gemini_interactions_mcp.cli.parser import parse_arguments
from gemini_interactions_mcp.settings import SETTING_VARIABLES

DEPLOY = Path(__file__).parents[1] / "deploy"
FILES = sorted(path for path in DEPLOY.iterdir() if path.is_file())


def list_commands() -> list[list[str]]:
    """The arguments with which each file starts the server."""
    compose = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
    kubernetes = list(yaml.safe_load_all((DEPLOY / "kubernetes.yaml").read_text()))
    pods = [each["spec"]["template"]["spec"] for each in kubernetes if each["kind"] == "Deployment"]
    unit = re.search(r"ExecStart=(.*)", (DEPLOY / "gemini-interactions-mcp.service").read_text())
    image = re.search(r"^CMD (.*)", (DEPLOY / "Dockerfile").read_text(), re.MULTILINE)
    assert unit
    assert image
    return [
        compose["services"]["gemini-1"]["command"],
        compose["services"]["gemini-2"]["command"],
        *(container["args"] for pod in pods for container in pod["containers"]),
        shlex.split(unit[1])[1:],
        yaml.safe_load(image[1]),
    ]


def test_the_command_line_knows_every_argument() -> None:
    commands = list_commands()
    assert len(commands) == 5
    for command in commands:
        filled = [re.sub(r"\$\{[^}]*\}", "https://gemini.example.com", word) for word in command]
        assert parse_arguments(filled).http, filled


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_every_setting_exists(path: Path) -> None:
    named = set(re.findall(r"\b(?:GEMINI|GOOGLE)_[A-Z_]+\b", path.read_text()))
    assert named <= set(SETTING_VARIABLES)


def test_every_probe_is_told_the_same_port() -> None:
    for path in FILES:
        assert not re.search(r"(?<!\d)87(?!65)\d\d(?!\d)", path.read_text()), path

"""What the tests share: Ansible as the project configures it, from whatever directory they are run."""

from __future__ import annotations

import os
from pathlib import Path


def pytest_configure() -> None:
    """Give Ansible the project's settings before it is imported, and a run's options before it first asks for them."""
    os.environ["ANSIBLE_CONFIG"] = str(Path(__file__).resolve().parents[1] / "ansible.cfg")
    from ansible import context
    from ansible.plugins.loader import init_plugin_loader
    from ansible.utils.context_objects import CLIArgs

    context.CLIARGS = CLIArgs({"check": False, "diff": False})
    init_plugin_loader()

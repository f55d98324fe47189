"""What the tests share: Ansible as the project configures it, from whatever folder they are run."""

from __future__ import annotations

import os
from pathlib import Path


def pytest_configure() -> None:
    """Name the project's settings before Ansible is imported, which reads them then."""
    os.environ["ANSIBLE_CONFIG"] = str(Path(__file__).resolve().parents[1] / "ansible.cfg")
    from ansible.plugins.loader import init_plugin_loader

    init_plugin_loader()

"""A shell whose commands a test gives it one block after the other, as a reader would paste them."""

import re
import subprocess
from pathlib import Path

BLOCKS = re.compile(r"^```sh\n(.*?)^```", re.MULTILINE | re.DOTALL)


class Shell:
    """Variables and functions of a block are there for the next. `environment` is what it begins with."""

    def __init__(self, home: Path, environment: dict[str, str]):
        self.state = home / "state.sh"
        self.state.write_text("")
        self.environment = {"HOME": str(home), "PATH": "/usr/local/bin:/usr/bin:/bin", **environment}

    def run(self, commands: str, **variables: str) -> str:
        """What the block prints. Fails the test when a command in it fails."""
        script = (
            f"set -a; . {self.state}; set -euo pipefail\n{commands}\nset +a; (declare -p; declare -f) > {self.state}"
        )
        result = subprocess.run(
            ["bash", "-c", script], env=self.environment | variables, capture_output=True, text=True, timeout=120
        )
        assert result.returncode == 0, f"{commands}\n{result.stdout}\n{result.stderr}"
        return result.stdout


def sections(page: str) -> dict[str, list[str]]:
    """The shell blocks of a page by the heading that they stand under, in their order."""
    parts = re.split(r"^#+ (.+)$", page, flags=re.MULTILINE)
    found = {heading: BLOCKS.findall(text) for heading, text in zip(parts[1::2], parts[2::2], strict=True)}
    return {heading: blocks for heading, blocks in found.items() if blocks}

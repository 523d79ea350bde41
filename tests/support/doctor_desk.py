"""A home for `roomkey doctor` in which all is well, and what the doctor finds there."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from bot.doctor import Finding
from bot.doctor_checks import examine_installation
from bot.doctor_scene import Question
from bot.installation import Installation, find_installation
from tests.support.setup_desk import SetupDesk, setup_desk

PATIENCE_S = 50.0
"""On a busy machine: no test of the doctor is about time."""

OWNER = "123456789012345678"
FINE = f'isolation = "none"\n[discord]\nowners = ["{OWNER}"]\n'
LOGIN = "sk-ant-nobody-sees-it"


@asynccontextmanager
async def well_desk(tmp_path: Path) -> AsyncGenerator[SetupDesk]:
    """Open a guild and a home with settings, a token and a login."""
    async with setup_desk(tmp_path, ANTHROPIC_API_KEY=LOGIN) as made:
        made.put_token()
        made.settings_file.parent.mkdir(mode=0o700, parents=True)
        made.settings_file.write_text(FINE)
        yield made


async def found(
    desk: SetupDesk, *, fix: bool = False, question: Question | None = None, limit_s: float = PATIENCE_S
) -> Mapping[str, Finding]:
    """Return what the doctor finds, by the name of the check."""

    def find() -> Installation:
        return find_installation(None, desk.environment(), is_system=False)

    results = await examine_installation(find, question, fix=fix, limit_s=limit_s)
    return {result.name: result.finding for result in results}


def failed_names(findings: Mapping[str, Finding]) -> set[str]:
    """Return the checks that failed."""
    return {name for name, finding in findings.items() if finding.state == "fail"}


async def leave_half_a_launcher(desk: SetupDesk) -> None:
    """Let a start have been killed while it wrote the agents' launcher."""
    (desk.data_dir / "bin").mkdir(mode=0o700)
    (desk.data_dir / "bin" / "roomkey-agent.new").write_text("half")

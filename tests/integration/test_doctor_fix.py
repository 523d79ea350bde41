"""`roomkey doctor --fix`: what is safe to mend is mended and said, and nobody else's files are touched."""

import os
import socket
import stat
from pathlib import Path

import pytest

from sessions.instance import hold_instance
from tests.support.doctor_desk import FINE, PATIENCE_S, failed_names, found, leave_half_a_launcher
from tests.support.setup_desk import SetupDesk

pytestmark = pytest.mark.blocking


async def test_fix_mends_modes_and_leftovers_and_says_so(desk: SetupDesk) -> None:
    desk.data_dir.chmod(0o755)
    await leave_half_a_launcher(desk)
    desk.settings_file.chmod(0o666)
    done = await desk.run("doctor", "--fix", "--json", "--limit", str(PATIENCE_S))
    assert done.code == 0, done.out
    checks = {one["name"]: one for one in done.json["checks"]}
    assert checks["files"]["state"] == checks["leftovers"]["state"] == "ok"
    assert any(str(desk.settings_file) in line for line in checks["files"]["mended"])
    assert "removed" in checks["leftovers"]["mended"][0]
    assert stat.S_IMODE(desk.data_dir.stat().st_mode) == 0o700
    assert stat.S_IMODE(desk.settings_file.stat().st_mode) == 0o644
    assert not (desk.data_dir / "bin" / "roomkey-agent.new").exists()


async def test_all_kinds_of_leftovers_are_found_and_removed(desk: SetupDesk) -> None:
    await leave_half_a_launcher(desk)
    (desk.data_dir / "backups").mkdir(mode=0o700)
    (desk.data_dir / "backups" / "roomkey-2026-v2.part").write_text("half")
    (desk.data_dir / "backups" / "mine.part").write_text("not ours")
    probe = desk.data_dir / "probe-0123abcd"
    probe.mkdir()
    (probe / "inside").write_text("left by a kill")
    os.utime(probe, (0, 0))
    (desk.data_dir / "probe-deadbeef").mkdir()  # young: somebody may be at it
    place = desk.data_dir / "bin" / "dead.sock"
    directory = os.open(place.parent, os.O_RDONLY)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(f"/proc/self/fd/{directory}/{place.name}")
    os.close(directory)
    finding = (await found(desk))["leftovers"]
    names = {Path(detail).name for detail in finding.details}
    assert names == {"roomkey-agent.new", "roomkey-2026-v2.part", "probe-0123abcd", "dead.sock"}
    assert (await found(desk, fix=True))["leftovers"].state == "ok"
    assert not probe.exists()
    assert not place.exists()
    assert (desk.data_dir / "backups" / "mine.part").exists()
    assert (desk.data_dir / "probe-deadbeef").exists()


async def test_fix_leaves_places_that_are_not_roomkeys_alone(desk: SetupDesk, tmp_path: Path) -> None:
    """Else `--config /tmp/roomkey.toml --fix` would close /tmp to everybody on the machine."""
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(0o1777)
    config = shared / "roomkey.toml"
    config.write_text(FINE)
    desk.variables |= {"ROOMKEY_CONFIG": str(config), "ROOMKEY_DATA_DIR": str(shared)}
    desk.variables["DISCORD_BOT_TOKEN"] = desk.guild.token
    (shared / "of-somebody").write_text("theirs")
    (shared / "of-somebody").chmod(0o666)
    await found(desk, fix=True)
    assert stat.S_IMODE(shared.stat().st_mode) == 0o1777
    assert stat.S_IMODE((shared / "of-somebody").stat().st_mode) == 0o666


async def test_fix_takes_nothing_from_a_bot_that_runs(desk: SetupDesk) -> None:
    await leave_half_a_launcher(desk)
    with hold_instance(desk.data_dir / "roomkey.lock"):
        findings = await found(desk, fix=True)
    assert findings["leftovers"].state == "warn"
    assert (desk.data_dir / "bin" / "roomkey-agent.new").exists()


async def test_a_token_that_others_can_read_is_mended(desk: SetupDesk) -> None:
    desk.put_token(mode=0o644)
    assert failed_names(await found(desk)) == {"token", "files"}
    assert failed_names(await found(desk, fix=True)) == set()

"""Programs that stand in for systemctl, loginctl and journalctl: they note their calls and answer as told."""

import json
import sys
from pathlib import Path
from textwrap import dedent

_SCRIPT = """\
    #!{python} -IS
    import json, os, sys
    place = {place!r}
    name, words = os.path.basename(sys.argv[0]), sys.argv[1:]
    with open(place + "/calls", "a") as calls:
        calls.write(json.dumps([name, *words]) + "\\n")
    said = json.load(open(place + "/said.json"))
    for call, (code, text) in said.items():
        if call in " ".join([name, *words]):
            print(text)
            sys.exit(code)
"""


class FakeSystemctl:
    """A directory for the front of PATH. Each program succeeds in silence unless `says` told otherwise."""

    def __init__(self, place: Path) -> None:
        self.bin = place / "bin"
        self._place = place
        self._said: dict[str, tuple[int, str]] = {}
        self.bin.mkdir(parents=True)
        for name in ("systemctl", "loginctl", "journalctl", "useradd"):
            file = self.bin / name
            file.write_text(dedent(_SCRIPT).format(python=sys.executable, place=str(place)))
            file.chmod(0o755)
        self.says({})

    def says(self, answers: dict[str, tuple[int, str]]) -> None:
        """From now on, answer each call that holds one of these texts with an exit code and words."""
        self._said = {**answers, **self._said}
        (self._place / "said.json").write_text(json.dumps(self._said))

    def runs(self, status: str = "connected as robot in 1 guild") -> None:
        """From now on, say that the service is enabled and runs."""
        facts = {
            "LoadState": "loaded",
            "ActiveState": "active",
            "SubState": "running",
            "UnitFileState": "enabled",
            "MainPID": "4242",
            "StatusText": status,
            "ActiveEnterTimestamp": "Fri 2026-11-20 10:00:00 UTC",
        }
        self.shows(facts)

    def shows(self, facts: dict[str, str]) -> None:
        """From now on, say this of the service."""
        self._said.pop(" show ", None)
        self.says({" show ": (0, "\n".join(f"{name}={value}" for name, value in facts.items()))})

    @property
    def calls(self) -> list[list[str]]:
        """Every call so far, with the program's name first."""
        file = self._place / "calls"
        return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []

    def took(self, *words: str) -> bool:
        """Whether it was called with exactly these words."""
        return list(words) in self.calls

"""The house rules that a machine can check: size, first sentence, a test for each module, the map."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MODULES = sorted(p.relative_to(ROOT) for top in ("bot", "sessions") for p in (ROOT / top).rglob("*.py"))
LIMIT_LINES = 300


@pytest.mark.parametrize("path", MODULES, ids=str)
def test_a_module_is_short(path: Path) -> None:
    assert len((ROOT / path).read_text().splitlines()) <= LIMIT_LINES


@pytest.mark.parametrize("path", MODULES, ids=str)
def test_a_module_begins_with_a_sentence(path: Path) -> None:
    docstring = ast.get_docstring(ast.parse((ROOT / path).read_text()))
    assert docstring is not None
    assert docstring.splitlines()[0].endswith((".", ":", "?", "`"))


def test_the_map_in_claude_md_is_the_disk() -> None:
    text = (ROOT / "CLAUDE.md").read_text()
    section = text.split("## Map", 1)[1].split("\n## ", 1)[0]
    named = set(re.findall(r"`((?:bot|sessions)/[\w/]+\.py)`", section))
    real = {str(p) for p in MODULES if p.name != "__init__.py" and "versions" not in p.parts}
    assert named == real


@pytest.mark.parametrize(
    "page", ["CLAUDE.md", "README.md", "docs/claude-code.md", "docs/architecture.md", "docs/security.md"]
)
def test_every_file_that_a_page_names_is_there(page: str) -> None:
    text = (ROOT / page).read_text()
    named = set(re.findall(r"`((?:tests|docs|deploy|sessions|bot)/[\w./-]+)`", text))
    linked = {link for link in re.findall(r"\]\(([^)#]+)\)", text) if "://" not in link}
    missing = {n for n in named if "acme" not in n and not (ROOT / n).exists()}
    missing |= {n for n in linked if not ((ROOT / page).parent / n).exists()}
    assert missing == set()


def test_what_goes_to_discord_goes_through_two_modules_that_mask_secrets() -> None:
    """Others send through a `port`, or hand their words to `answering`."""
    senders = {"send_message", "send_modal", "edit_message", "edit_original_response", "reply"}
    strays: list[str] = []
    for path in MODULES:
        if path.parts[1] == "demo" or path.stem in ("port", "answering"):
            continue
        for node in ast.walk(ast.parse((ROOT / path).read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                name, on = node.func.attr, ast.unparse(node.func.value)
                if name in senders or (name == "send" and path.parts[0] == "bot" and not on.endswith("port")):
                    strays.append(f"{path}:{node.lineno} {on}.{name}")
    assert strays == []

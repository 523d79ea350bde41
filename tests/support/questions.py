"""Two questions as Claude Code asks them with its tool: one answer to the first, several to the second."""

from typing import Any, Final

DATABASE: Final[dict[str, Any]] = {
    "question": "Which database?",
    "header": "Database",
    "multiSelect": False,
    "options": [
        {"label": "Postgres", "description": "A server"},
        {"label": "SQLite", "description": "A file"},
    ],
}
PARTS: Final[dict[str, Any]] = {
    "question": "Which parts?",
    "header": "Parts",
    "multiSelect": True,
    "options": [{"label": "API", "description": "x"}, {"label": "Page", "description": "y"}],
}
QUESTIONS: Final = {"questions": [DATABASE, PARTS]}

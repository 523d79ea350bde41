"""A program that speaks enough of Claude Code's protocol to be taken for it, and then misbehaves.

Run as a script by the file that `write_program` writes; standard library alone. A prompt whose last
line is `fault NAME ARGUMENT...` does what the function of that name does; any other is answered with
`You said: ...`. The program may also misbehave at its start, once or always.
"""

import json
import os
import shlex
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

HALF = "Half of it"


def write_program(directory: Path, at_start: str = "", *, times: int = 1) -> Path:
    """Return a program for the setting `agent.program`. Its first `times` starts do `at_start`."""
    program = directory / "bad-claude"
    command = [sys.executable, "-I", "-S", __file__, str(directory / "starts"), at_start, str(times)]
    program.write_text(f'#!/bin/sh\nexec {shlex.join(command)} "$@"\n')
    program.chmod(0o700)
    return program


def say(frame: object) -> None:
    write(json.dumps(frame).encode() + b"\n")


def write(data: bytes) -> None:
    sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()


def hang() -> NoReturn:
    while True:
        time.sleep(1000)


class Session:
    """One run of the program. It remembers what was said in the file where Claude Code does."""

    def __init__(self, arguments: list[str]) -> None:
        named = dict(
            argument.split("=", 1) for argument in arguments if "=" in argument and argument[0] == "-"
        )
        self.id = named.get("--session-id") or named["--resume"]
        self.settings = json.loads(arguments[arguments.index("--settings") + 1])
        folder = "".join(character if character.isalnum() else "-" for character in str(Path.cwd()))
        self.transcript = Path(os.environ["CLAUDE_CONFIG_DIR"], "projects", folder, f"{self.id}.jsonl")
        self.uuids: list[str] = []

    def serve(self) -> None:
        for line in sys.stdin:
            frame = json.loads(line)
            if frame["type"] == "control_request":
                self.obey(frame["request_id"])
            elif frame["type"] == "user":
                self.turn(frame["uuid"], str(frame["message"]["content"]))

    def obey(self, request: str) -> None:
        answer = {"subtype": "success", "request_id": request, "response": {}}
        say({"type": "control_response", "response": answer})

    def turn(self, uuid: str, text: str) -> None:
        self.uuids = [uuid]
        self.remember("user", text, uuid)
        last = text.splitlines()[-1].split()
        if last[:1] != ["fault"]:
            self.begin()
            self.end(f"You said: {' '.join(last)}")
            return
        FAULTS[last[1]](self, *last[2:])

    def remember(self, kind: str, text: str, uuid: str) -> None:
        self.transcript.parent.mkdir(parents=True, exist_ok=True)
        message = {"role": kind, "content": [{"type": "text", "text": text}]}
        with self.transcript.open("a") as rows:
            rows.write(json.dumps({"type": kind, "uuid": uuid, "message": message}) + "\n")

    def begin(self) -> None:
        self.state("running")
        init = {"session_id": self.id, "cwd": str(Path.cwd()), "model": "bad", "tools": []}
        init["claude_code_version"] = "2.1.327"
        memory = {"auto": self.settings["autoMemoryDirectory"]}
        names = {"user_message_uuids": self.uuids}
        say({"type": "system", "subtype": "init", "memory_paths": memory, **init, **names})

    def half(self) -> None:
        """Begin, and write a part of the answer."""
        self.begin()
        delta = {"type": "content_block_delta", "delta": {"type": "text_delta", "text": HALF}}
        say({"type": "stream_event", "uuid": "d", "session_id": self.id, "event": delta})

    def end(self, text: str, **changed: object) -> None:
        self.text(text)
        self.result(text, **changed)
        self.state("idle")

    def text(self, text: str) -> None:
        self.remember("assistant", text, "a")
        content = [{"type": "text", "text": text}]
        say({"type": "assistant", "message": {"content": content, "model": "bad"}, "session_id": self.id})

    def result(self, text: str, **changed: object) -> None:
        times = {"duration_ms": 1, "duration_api_ms": 1, "num_turns": 1}
        frame = {"type": "result", "subtype": "success", "is_error": False, "session_id": self.id, **times}
        say({**frame, "result": text, "user_message_uuids": self.uuids, **changed})

    def state(self, state: str) -> None:
        say({"type": "system", "subtype": "session_state_changed", "state": state})


# -- how it ends ------------------------------------------------------------------------------------


def signalled(session: Session, name: str) -> None:
    session.half()
    os.kill(os.getpid(), signal.Signals[name])
    hang()


def leaves(session: Session, code: str, *words: str) -> None:
    session.half()
    sys.stderr.write(" ".join(words) + "\n")
    sys.stderr.flush()
    os._exit(int(code))


def leaves_at_once(_session: Session, code: str) -> None:
    os._exit(int(code))


def leaves_cut(session: Session) -> None:
    """As a pipe does whose reader was too slow for a program that did not wait."""
    session.half()
    frame = {"type": "assistant", "message": {"content": [{"type": "text", "text": "x" * 100_000}]}}
    write(json.dumps(frame).encode()[:65_536])
    os._exit(0)


# -- how it hangs -----------------------------------------------------------------------------------


def hangs_first(_session: Session) -> None:
    hang()


def hangs(session: Session) -> None:
    session.half()
    hang()


def hangs_afterwards(session: Session) -> None:
    session.begin()
    session.end("All of it")
    hang()


# -- what it says -----------------------------------------------------------------------------------


def raw(session: Session, *lines: str) -> None:
    """Write lines given in hexadecimal, then answer."""
    session.begin()
    for line in lines:
        write(bytes.fromhex(line) + b"\n")
    session.end("All of it")


def raw_late(session: Session, *lines: str) -> None:
    """Do the same, with what was said before already read: the SDK drops a block that is no text whole."""
    session.half()
    time.sleep(0.3)
    raw(session, *lines)


def big(session: Session, size: str) -> None:
    """Use a tool that returns so many bytes, then answer."""
    session.begin()
    use = {"type": "tool_use", "id": "t", "name": "Read", "input": {"file_path": "picture"}}
    say({"type": "assistant", "message": {"content": [use], "model": "bad"}, "session_id": session.id})
    output = {"type": "tool_result", "tool_use_id": "t", "content": "x" * int(size)}
    say({"type": "user", "message": {"content": [output]}})
    session.end("All of it")


def endless(session: Session) -> None:
    """Write a gigabyte without a line break; it is ended long before."""
    session.half()
    for _ in range(1024):
        write(b"x" * 1024 * 1024)
    hang()


def noisy(session: Session, size: str) -> None:
    """Write so many bytes to stderr, without a line break, then answer."""
    sys.stderr.write("x" * int(size))
    sys.stderr.flush()
    session.begin()
    session.end("All of it")


def twice(session: Session) -> None:
    session.begin()
    session.end("All of it")
    session.result("All of it")


def unread(session: Session) -> None:
    """End with a result that lacks what every result has."""
    session.half()
    session.text("All of it")
    say({"type": "result", "subtype": "success", "session_id": session.id})


def fails(session: Session, status: str) -> None:
    """Fail as a request of that status does."""
    session.begin()
    error = {"is_error": True, "terminal_reason": "api_error", "api_error_status": int(status)}
    session.result(f"API Error: {status}", **error)
    session.state("idle")


def skips(session: Session) -> None:
    """Claim to have answered already, without a word of it in the record."""
    session.state("idle")


def disobeys(session: Session) -> None:
    """Refuse whatever it is told while it works."""
    session.half()
    for line in sys.stdin:
        request = json.loads(line).get("request_id")
        answer = {"subtype": "error", "request_id": request, "error": "not now"}
        say({"type": "control_response", "response": answer})


# -- how it starts ----------------------------------------------------------------------------------


def start_hangs(_session: Session) -> None:
    hang()


def start_leaves(_session: Session) -> None:
    sys.stderr.write("no such thing as a good day\n")
    sys.exit(3)


def start_babbles(_session: Session) -> None:
    write(b'{"type": \xff\n')
    hang()


def start_deaf(session: Session) -> None:
    """Be polite, and never read again."""
    frame = json.loads(sys.stdin.readline())
    session.obey(frame["request_id"])
    hang()


def start_stubborn(session: Session) -> None:
    """Stay when told to end: at the end of its input, and at SIGTERM."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    session.serve()
    hang()


FAULTS: dict[str, Callable[..., None]] = {
    function.__name__: function
    for function in (
        *(signalled, leaves, leaves_at_once, leaves_cut, hangs_first, hangs, hangs_afterwards),
        *(raw, raw_late, big, endless, noisy, twice, unread, fails),
        *(skips, disobeys),
        *(start_hangs, start_leaves, start_babbles, start_deaf, start_stubborn),
    )
}


def main() -> None:
    starts, at_start, times = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
    with starts.open("a+") as count:
        count.write(".")
        is_early = count.tell() <= times
    session = Session(sys.argv[4:])
    if at_start and is_early:
        FAULTS[at_start](session)
    session.serve()


if __name__ == "__main__":
    main()

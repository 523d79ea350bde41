"""A command of one plain program -> its words, and how much of it "Always here" may offer. Pure.

Whatever a shell would do more with than pass on words (`;`, `|`, `$`, `*`, redirections, escapes,
comments, several lines) is not plain, and so is what nobody sees.
"""

import posixpath
import re
import unicodedata
from typing import Final

_LONGEST: Final = 2000
"""A command of more characters is for people to look at."""

_WORD_SIGNS: Final = frozenset("_./:=@%+,-")
_NAME: Final = re.compile(r"[A-Za-z0-9_./+-]+")
_VERSION: Final = re.compile(r"[0-9.]+$")
_PLAIN: Final = re.compile(r"[a-z][a-z0-9_:-]*")

# They run what they are given, reach any file or host, or take away: each use of one is a question.
_WIDE_WORDS: Final = """
. [ bash builtin bun bunx bwrap cat chgrp chmod chown chroot command coproc cp crontab csh curl dash dd
deno doas docker ed emacs env eval exec expect fd find fish function gawk gdb hash alias awk install
ionice java kill killall ksh kubectl ln ltrace lua mawk mkfs mount mv nano nc ncat nice node nohup npx
nsenter osascript parallel perl php pipx pkexec pkill podman printenv pwsh pypy python R Rscript rm rmdir
rsync ruby runuser scp screen script sed setsid sftp sh shred socat source ssh stdbuf strace su sudo
systemd-run tar tclsh tcsh tee time timeout tmux trap truncate ulimit umount unshare unzip uvx vi vim
watch wget xargs zip zsh export set unset declare local typeset readonly read cd pushd popd git-shell
busybox toybox at batch base32 base64 certutil crystal ctags dbus-run-session dig direnv docker-compose
egrep elixir entr erl fakeroot faketime fgrep firejail flock ftp ghci gpg grep groovy gosu guile head host
http https iex install-info ipython irb jshell julia less lynx m4 man more mysql nawk nice nix nix-shell nl
nslookup octave od op openssl paste ping proot psql rclone redis-cli rename rg rlwrap sbcl shuf sort split
sqlite3 ssh-agent start-stop-daemon strings tac tail taskset telnet ts-node tsx unbuffer uniq volta w3m
xvfb-run xxd
"""
_WIDE: Final = frozenset(_WIDE_WORDS.split())
# The second word says what is done.
_FAMILY_WORDS: Final = """
apt apt-get aws bazel brew bundle cargo composer conda dnf dotnet gcloud gh git go gradle hatch helm hg
just make mvn npm nx pdm pip pixi pnpm poetry rake rustup rye svn systemctl task terraform turbo uv
yarn
"""
_FAMILIES: Final = frozenset(_FAMILY_WORDS.split())
_RUNS_MORE: Final = frozenset({"run", "run-script", "exec", "x", "dlx", "tool", "do"})
# What they fetch runs here, or what is here goes elsewhere.
_FETCHES: Final = frozenset({"add", "create", "get", "i", "init", "install", "publish", "upgrade"})
# Behind a program that is allowed, these say what else it runs, or which other file it writes.
_FAR_OPTIONS: Final = (
    *("exec", "eval", "upload-pack", "receive-pack", "output", "open-files-in-pager", "pre", "filter"),
    *("compress-program", "use-compress-program", "config", "vettool", "toolexec", "wrapper", "shell"),
    *("script-shell", "rsh", "ext-diff", "to-command", "checkpoint-action"),
)
_WIDE_PAIRS: Final = frozenset(
    {
        *("git config", "git bisect", "git rebase", "git submodule", "git difftool", "git mergetool"),
        *("git filter-branch", "git daemon", "git hook", "gh api", "gh alias", "gh extension", "npm config"),
        *("git archive", "git clone", "git credential", "git for-each-repo", "git grep", "git worktree"),
        *("gh auth", "uv pip", "uv tool"),
        *(
            "npm explore",
            "pip config",
            "yarn config",
            "cargo install",
            "go generate",
            "go env",
        ),
    }
)


def plain_words(command: str) -> tuple[str, ...] | None:
    """Return the words of a command of one plain program, quotes taken off; None if it is anything else."""
    if len(command) > _LONGEST:
        return None
    words: list[str] = []
    word: str | None = None
    quote = ""
    for sign in command.strip(" "):
        if quote:
            if sign == quote:
                quote = ""
            elif not _is_quotable(sign, quote):
                return None
            else:
                word = (word or "") + sign
        elif sign in "'\"":
            quote, word = sign, word or ""
        elif sign == " ":
            if word is not None:
                words.append(word)
            word = None
        elif sign in _WORD_SIGNS or unicodedata.category(sign)[0] in "LN":
            word = (word or "") + sign
        else:
            return None
    if quote or word is None:
        return None
    words.append(word)
    return tuple(words) if _NAME.fullmatch(words[0]) else None


def narrow_words(command: str) -> str | None:
    """Return the pattern that is offered for a command: its first words and ` *`, or the command itself.

    None for what is not plain. Of a program that runs others, or reaches far, the command itself alone.
    """
    words = plain_words(command)
    if words is None:
        return None
    first = words[: _telling(words)]
    if first and not _reaches_far(first) and is_near(words[len(first) :]):
        return f"{' '.join(first)} *"
    exact = command.strip(" ")
    return None if "*" in exact or ")" in exact else exact


def is_near(words: tuple[str, ...]) -> bool:
    """Whether no word of those behind what is allowed is an option that makes it another thing."""
    return not any(map(_is_far, words))


def _is_far(word: str) -> bool:
    name = word.lstrip("-").partition("=")[0]
    if not word.startswith("--"):
        return word.startswith("-") and name in _FAR_OPTIONS
    # Many programs take the beginning of a long option for the whole.
    return len(name) > 1 and any(far.startswith(name) for far in _FAR_OPTIONS)


def _reaches_far(first: tuple[str, ...]) -> bool:
    program = _name(first[0])
    if program in _FAMILIES and program != "git" and first[1] in _FETCHES:
        return True
    return any(map(_is_wide, first)) or " ".join([program, *first[1:2]]) in _WIDE_PAIRS


def _telling(words: tuple[str, ...]) -> int:
    """Return how many of the first words say what a command does; 0 if they do not say it plainly."""
    if _name(words[0]) not in _FAMILIES:
        return 1
    count = 3 if words[1:2] and words[1] in _RUNS_MORE else 2
    return count if len(words) >= count and all(map(_PLAIN.fullmatch, words[1:count])) else 0


def _is_wide(word: str) -> bool:
    return posixpath.basename(word) in _WIDE or _name(word) in _WIDE


def _name(word: str) -> str:
    """Return a program's name, without its directory and its version: `/usr/bin/pip3.12` is `pip`."""
    name = posixpath.basename(word)
    return _VERSION.sub("", name) or name


def _is_quotable(sign: str, quote: str) -> bool:
    if quote == '"' and sign in "$`\\!":
        return False
    return sign == " " or unicodedata.category(sign)[0] not in "CZ"

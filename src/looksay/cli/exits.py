"""How a command ends: every error becomes one sentence and an exit status, never a traceback.

`--debug`, before or after the verb, shows the traceback and the log beside the sentence.
"""

from __future__ import annotations

import errno
import logging
import os
import sys
import traceback
from dataclasses import dataclass

import click

from looksay.errors import LooksayError, UsageError

FAILED = 1
WRONG_USAGE = 2
INTERRUPTED = 130  # 128 + SIGINT, as shells count


@dataclass
class Session:
    """The whole command: its words behind `looksay`, and what `--debug` among them has said."""

    debug: bool = False
    words: tuple[str, ...] = ()


def is_debugging() -> bool:
    """Whether the command that runs was given `--debug`."""
    session = click.get_current_context().find_object(Session)
    return session is not None and session.debug


def debug_option() -> click.Option:
    """A fresh `--debug` option, for the group and for each verb."""

    def remember(ctx: click.Context, _: click.Parameter, value: bool) -> None:
        session = ctx.find_object(Session)
        if value and session is not None and not session.debug:
            session.debug = True
            logging.basicConfig(level=logging.DEBUG, stream=sys.stderr)

    return click.Option(
        ["--debug"],
        is_flag=True,
        is_eager=True,  # an error in a later option already finds it set
        expose_value=False,
        callback=remember,
        help="Show tracebacks and the log, to report a fault.",
    )


def explain_exit(error: BaseException, session: Session) -> int:
    """Tells the user what ended the command, and returns the exit status."""
    if isinstance(error, SystemExit):  # click ends so on a closed pipe
        return error.code if isinstance(error.code, int) else FAILED
    if session.debug:
        traceback.print_exception(error)
    if isinstance(error, click.UsageError):
        error.show()
        return WRONG_USAGE
    sentence, status = _describe(error)
    if sentence:
        _say(sentence)
    _drop_unwritten_output(error)
    return status


def _describe(error: BaseException) -> tuple[str, int]:
    if isinstance(error, (KeyboardInterrupt, click.Abort)):
        return "looksay: interrupted.", INTERRUPTED
    if isinstance(error, UsageError):
        return f"looksay: {error}", WRONG_USAGE
    if isinstance(error, LooksayError):
        return f"looksay: {error}", FAILED
    if isinstance(error, click.ClickException):
        return f"looksay: {error.format_message()}", error.exit_code
    if isinstance(error, BrokenPipeError):  # `looksay caption ... | head`: nothing went wrong
        return "", FAILED
    if isinstance(error, MemoryError):
        return "looksay: there is not enough memory; try a smaller --batch-size.", FAILED
    if isinstance(error, OSError) and error.errno is not None:
        return f"looksay: {describe_os_error(error)}", FAILED
    return (
        f"looksay: something unexpected went wrong ({type(error).__name__}: {error}). "
        "Please run the same command with --debug and report what it prints.",
        FAILED,
    )


def describe_os_error(error: OSError, name: str | os.PathLike[str] | None = None) -> str:
    """A sentence for what the operating system refused, naming the file where it is known."""
    where = name or error.filename or "the output"
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return (
            f"the disk is full: {os.fspath(where)} is not complete. Make room and run the same "
            "command again."
        )
    return f"{os.fspath(where)}: {error.strerror or error}."


def _say(sentence: str) -> None:
    try:
        click.echo(sentence, err=True)
    except OSError:  # standard error is gone too; the status still tells
        pass


def _drop_unwritten_output(error: BaseException) -> None:
    """Keeps Python from failing once more, with a traceback, when it flushes at its end."""
    if isinstance(error, OSError):
        try:
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, sys.stdout.fileno())
            os.close(nowhere)
        except (OSError, ValueError):  # no real file behind it, as in tests
            pass

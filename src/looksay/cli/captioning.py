"""Pictures in, records out: the loop behind `looksay caption`, in order and in bounded memory."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from typing import Any

from looksay.cli.attention_files import AttentionFiles
from looksay.cli.inputs import Picture, Problem
from looksay.cli.outputs import Writer
from looksay.cli.progress import Progress
from looksay.cli.records import error_record
from looksay.errors import ImageError

Item = Picture | Problem


def caption_in_order(
    captioner: Any, items: Iterable[Item], *, batch_size: int | None, options: dict[str, Any]
) -> Iterator[tuple[Item, Any]]:
    """Each item with its Caption, or with the sentence that says why there is none.

    The captioner reads ahead of its results, perhaps in a thread of its own; what it has taken
    waits in a queue with the problems between, so that everything comes out as it went in.
    """
    waiting: deque[Item] = deque()

    def feed() -> Iterator[Any]:
        for item in items:
            waiting.append(item)
            if isinstance(item, Picture):
                yield item.source

    sizes = {} if batch_size is None else {"batch_size": batch_size}
    for result in captioner.caption_many(feed(), with_errors=True, **sizes, **options):
        yield from _take_problems(waiting)
        item = waiting.popleft()
        yield item, result if hasattr(result, "words") else result.message
    yield from _take_problems(waiting)


def _take_problems(waiting: deque[Item]) -> Iterator[tuple[Item, str]]:
    while waiting and isinstance(problem := waiting[0], Problem):
        waiting.popleft()
        yield problem, problem.sentence


def write_all(
    results: Iterable[tuple[Item, Any]],
    writer: Writer,
    *,
    attention_files: AttentionFiles | None,
    with_attention: bool,
    model: str | None,
    progress: Progress,
) -> int:
    """Writes a record each, an attention picture before it, and returns how many failed."""
    failed = 0
    for item, result in results:
        if attention_files is not None and not isinstance(result, str):
            result = _save_attention(attention_files, result, item.name)
        if isinstance(result, str):
            failed += 1
            progress.say(problem_line(item.name, result))
            writer.write(error_record(item.name, result, model))
        else:
            writer.write({**result.to_json(attention=with_attention), "image": item.name})
        progress.advance()
    return failed


def _save_attention(files: AttentionFiles, caption: Any, name: str) -> Any:
    """The caption again, or a sentence where the photograph has gone in the meantime."""
    try:
        files.save(caption, name)
    except ImageError as error:
        return str(error)
    return caption


def problem_line(name: str, sentence: str) -> str:
    """What standard error says of a picture that failed."""
    line = sentence if name in sentence else f"{name}: {sentence}"
    return "looksay: " + " ".join(line.split())

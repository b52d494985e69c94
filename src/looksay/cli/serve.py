"""`looksay serve`: a web page and an HTTP API on this machine."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import click

from looksay.cli.engine_options import running_options
from looksay.errors import MissingExtraError, UsageError

MEBI, MEGA = 2**20, 10**6


@click.command(
    epilog="""\b
Examples:
  looksay serve                                  then open http://127.0.0.1:8000
  looksay serve --model runs/a/bundle --model runs/b/bundle
  looksay serve --database photos.db             a search tab over what looksay index made
  looksay serve --host 0.0.0.0 --api-key-file keys.txt
  curl -F image=@photo.jpg http://127.0.0.1:8000/v1/captions
  curl -F image=@a.jpg -F image=@b.jpg "http://127.0.0.1:8000/v1/captions?beam=3&attention=true"

\b
Nothing that a client sends is written anywhere. The API is described at /openapi.json, its
counters are at /metrics. Stop it with Ctrl-C or SIGTERM: it finishes what it has accepted.
"""
)
@click.option(
    "--model",
    "models",
    multiple=True,
    metavar="BUNDLE",
    help="A bundle's folder; given again, requests choose one by its name, and get the first "
    "where they name none.  [default: the shipped one]",
)
@click.option(
    "--database",
    type=click.Path(path_type=Path),
    metavar="FILE",
    # not from LOOKSAY_DATABASE: nobody's photographs are shown unless it is asked for here
    help="Let clients search in this photo library and see its photographs; `looksay index` "
    "makes one.  [default: no searching]",
)
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=8000,
    show_default=True,
    help="0: any that is free.",
)
@click.option(
    "--api-key",
    "api_keys",
    multiple=True,
    metavar="KEY",
    envvar="LOOKSAY_API_KEY",
    help="Ask for this key (`Authorization: Bearer KEY`); again for several. Others on this "
    "machine can see it: better in the variable LOOKSAY_API_KEY or a file.",
)
@click.option(
    "--api-key-file",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Ask for one of the keys in this file, one a line.",
)
@click.option(
    "--allow-host",
    "hosts",
    multiple=True,
    metavar="NAME",
    help="Answer to this name too.  [default: local names; any where --host is not local]",
)
@click.option(
    "--allow-origin",
    "origins",
    multiple=True,
    metavar="ORIGIN",
    help="Let pages of this origin (https://example.org) use the API; * lets all.  "
    "[default: none but its own]",
)
@click.option(
    "--queue",
    type=click.IntRange(min=1),
    default=128,
    show_default=True,
    metavar="N",
    help="Pictures accepted and not yet answered; beyond it clients are told to come again (429).",
)
@click.option(
    "--max-images",
    type=click.IntRange(min=1),
    default=16,
    show_default=True,
    metavar="N",
    help="Pictures in one request.",
)
@click.option(
    "--max-body",
    type=click.FloatRange(min=0.01),
    default=64,
    show_default=True,
    metavar="MIB",
    help="The largest request.",
)
@click.option(
    "--max-pixels",
    type=click.FloatRange(min=0.01),
    default=128,
    show_default=True,
    metavar="MILLIONS",
    help="The largest picture.",
)
@click.option(
    "--timeout",
    type=click.FloatRange(min=0, min_open=True),
    default=60,
    show_default=True,
    metavar="SECONDS",
    help="For a request to arrive, and again for its captions.",
)
@running_options
def serve(
    models: tuple[str, ...],
    database: Path | None,
    host: str,
    port: int,
    batch_size: int | None,
    engine: str,
    precision: str,
    **options: Any,
) -> int:
    """Caption pictures for browsers and other programs: a web page and an HTTP API.

    Requests that arrive together are captioned together, in a process of its own: where a picture
    or a lack of memory ends that process, or it hangs (for twice --timeout, a minute at least),
    another takes its place, and no request is lost.
    """
    from looksay.serve.sockets import open_socket, url_of
    from looksay.serve.supervisor import Supervisor
    from looksay.serve.worker import load_models

    settings = _settings(host, batch_size, **options)
    library = None
    if database is not None:
        from looksay.library import Library

        library = Library(database)
    load = partial(load_models, models, engine, precision, settings.image_limits)
    with (
        open_socket(host, port) as listening,
        Supervisor(
            load,
            capacity=settings.queue_pictures,
            batch_size=settings.batch_size,
            patience_seconds=settings.patience_seconds,
        ) as supervisor,
    ):
        _check_extra()  # these take a while to import, and the worker's models to load
        from looksay.serve.app import make_app
        from looksay.serve.listening import run_server

        supervisor.wait_until_ready()
        app = make_app(supervisor, settings, library)
        run_server(
            app, listening, on_start=lambda: _greet(url_of(listening), host, settings, database)
        )
    return 0


def _settings(
    host: str,
    batch_size: int | None,
    *,
    api_keys: tuple[str, ...],
    api_key_file: Path | None,
    hosts: tuple[str, ...],
    origins: tuple[str, ...],
    queue: int,
    max_images: int,
    max_body: float,
    max_pixels: float,
    timeout: float,
) -> Any:
    from looksay.serve.settings import Settings, names_to_answer_to

    return Settings(
        queue_pictures=queue,
        max_images=max_images,
        max_body_bytes=int(max_body * MEBI),
        max_pixels=int(max_pixels * MEGA),
        timeout_seconds=timeout,
        body_seconds=timeout,
        api_keys=(*api_keys, *(_read_keys(api_key_file) if api_key_file else ())),
        origins=origins,
        hosts=names_to_answer_to(host, hosts),
        **({} if batch_size is None else {"batch_size": batch_size}),
    )


def _read_keys(path: Path) -> list[str]:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is no UTF-8 text"
        raise UsageError(f"The keys in {path} cannot be read: {reason}.") from error
    keys = [line.strip() for line in lines if line.strip()]
    if not keys:
        raise UsageError(f"{path} holds no key; write one a line, or leave --api-key-file out.")
    return keys


def _greet(url: str, host: str, settings: Any, database: Path | None) -> None:
    from looksay.serve.settings import is_loopback

    click.echo(f"looksay is at {url}")
    if not is_loopback(host) and not settings.api_keys:
        may = "use it" if database is None else f"use it and see the photographs of {database}"
        click.echo(
            f"looksay: everyone who can reach this machine may {may}; --api-key-file asks for a "
            "key.",
            err=True,
        )


def _check_extra() -> None:
    try:
        import fastapi  # noqa: F401
        import prometheus_client  # noqa: F401
        import python_multipart  # noqa: F401
        import uvicorn  # noqa: F401
    except ImportError as error:
        raise MissingExtraError(
            f"`looksay serve` needs {error.name}, which is not installed; "
            "run: pip install 'looksay[serve]'"
        ) from error

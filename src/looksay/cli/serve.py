"""`looksay serve`: a web page and an HTTP API on this machine."""

from __future__ import annotations

import click

from looksay.cli.engine_options import engine_options
from looksay.errors import MissingExtraError

KEY_VARIABLE = "LOOKSAY_API_KEY"
MEBI = 2**20


@click.command(
    epilog="""\b
Examples:
  looksay serve                                then open http://127.0.0.1:8000
  looksay serve --model runs/a/bundle --model runs/b/bundle
  looksay serve --host 0.0.0.0 --api-key-file keys.txt --allow-host photos.example.org
  curl -F image=@photo.jpg http://127.0.0.1:8000/v1/captions

\b
Stop it with Ctrl-C or SIGTERM: it finishes the requests that it has accepted.
"""
)
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=8000,
    show_default=True,
    help="0: any that is free.",
)
@engine_options
def serve(
    host: str,
    port: int,
    models: tuple[str, ...],
    batch_size: int | None,
    engine: str,
    precision: str,
) -> int:
    """Caption pictures for browsers and other programs: a web page and an HTTP API."""
    _check_extra()
    from looksay.captioner import load
    from looksay.serve.app import create_app
    from looksay.serve.listening import open_socket, url_of
    from looksay.serve.listening import serve as run
    from looksay.serve.settings import Settings

    settings = Settings()
    listening = open_socket(host, port)
    captioners = [
        load(model, engine=engine, precision=precision, limits=settings.image_limits)
        for model in models or (None,)
    ]
    app = create_app(captioners, settings)
    run(app, listening, on_start=lambda: click.echo(f"looksay is at {url_of(listening)}"))
    return 0


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

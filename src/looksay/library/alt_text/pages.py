"""The pages of a site, and the images on each."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from looksay.errors import PageError
from looksay.library.alt_text.html_images import find_html_images
from looksay.library.alt_text.markdown_images import find_markdown_images, is_markdown
from looksay.library.alt_text.masking import mask_templates
from looksay.library.alt_text.page_text import PageText, decode_page, read_page
from looksay.library.alt_text.places import Images, Lines

# Pages, and the templates that they are made from.
SUFFIXES = frozenset(
    ".html .htm .xhtml .shtml .md .markdown .mdown .mkd .php .phtml .erb .ejs .jinja .jinja2 .j2 "
    ".njk .twig .liquid .hbs .handlebars .mustache".split()
)
# Other people's pages.
_FOREIGN = frozenset({"node_modules", "bower_components", "vendor", "__pycache__"})


@dataclass(frozen=True, kw_only=True)
class Page:
    """A page that was read: its bytes, its text, its images."""

    path: Path
    name: str
    data: bytes
    text: PageText
    images: Images


def find_pages(site: Path) -> Iterator[Path]:
    """The pages of a folder, in alphabetical order, or the one page named. Hidden folders, links to
    folders and other people's packages are left out. PageError where there is no such thing."""
    if site.is_file():
        yield site
        return
    if not site.is_dir():
        raise PageError(f"{site} does not exist; name a site's folder, or a page.")
    for folder, folders, names in os.walk(site):
        folders[:] = sorted(f for f in folders if not f.startswith(".") and f not in _FOREIGN)
        for name in sorted(names):
            if os.path.splitext(name)[1].lower() in SUFFIXES and not name.startswith("."):
                yield Path(folder, name)


def open_page(path: Path, name: str) -> Page:
    """Reads a page and finds its images. PageError where it cannot be read."""
    data = read_page(path)
    text = decode_page(data)
    try:
        images = find_images(text.text, name)
    except PageError as error:
        raise PageError(f"{path} cannot be looked at: {error}") from error
    return Page(path=path, name=name, data=data, text=text, images=images)


def find_images(text: str, name: str) -> Images:
    """The images of a page of that name. PageError for one made to keep the parser busy."""
    masked, lines = mask_templates(text), Lines(text)
    if is_markdown(name):
        return find_markdown_images(masked, lines)
    return find_html_images(masked, lines)

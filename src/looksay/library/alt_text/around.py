"""What is around an image in a page: what hides it, and the link that it is in.

What is found of an element is kept for those in it, so that a page of ten thousand images in as
many elements takes no longer than its size says.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

NAMES = ("aria-label", "aria-labelledby")


class Around:
    """Of the nodes of one page, which must live as long."""

    def __init__(self) -> None:
        self._hidden: dict[int, bool] = {}
        self._links: dict[int, Any] = {}
        self._saying: dict[int, list[Any]] = {}

    def is_hidden(self, node: Any) -> bool:
        """Whether the page keeps it from screen readers, by itself or with what is around it.

        The attribute `hidden` is no such word: scripts take it away when they show a picture.
        """
        role = (node.attrs.get("role") or "").strip().lower()
        if role in ("presentation", "none"):
            return True
        path = []
        while node is not None and id(node) not in self._hidden:
            path.append(node)
            node = node.parent
        hidden = False if node is None else self._hidden[id(node)]
        for one in reversed(path):  # from the outside
            said = (getattr(one, "attrs", None) or {}).get("aria-hidden") or ""
            hidden = hidden or said.strip().lower() == "true"
            self._hidden[id(one)] = hidden
        return hidden

    def is_alone_in_link(self, node: Any) -> bool:
        """Whether it is all that a link has."""
        link = self._link(node)
        if link is None or "href" not in link.attrs:
            return False
        if any((link.attrs.get(name) or "").strip() for name in (*NAMES, "title")):
            return False
        return all(other is node for other in self._sayings(link))

    def _link(self, node: Any) -> Any:
        """The innermost link around it, or None."""
        path, link = [], None
        node = node.parent
        while node is not None and id(node) not in self._links:
            path.append(node)
            node = node.parent
        link = None if node is None else self._links[id(node)]
        for one in reversed(path):
            link = one if one.name == "a" else link
            self._links[id(one)] = link
        return link

    def _sayings(self, link: Any) -> list[Any]:
        """Two of the link's nodes that say something: of any one in it there is another, or not."""
        if id(link) not in self._saying:
            found: list[Any] = []
            for node in _all(link):
                if _says_something(node):
                    found.append(node)
                    if len(found) == 2:
                        break
            self._saying[id(link)] = found
        return self._saying[id(link)]


def _all(node: Any) -> Iterator[Any]:
    stack = list(node.children or ())
    while stack:
        one = stack.pop()
        yield one
        stack.extend(one.children or ())


def _says_something(node: Any) -> bool:
    if node.name == "#text":
        return bool((node.data or "").strip())
    return node.name == "img" and bool((node.attrs.get("alt") or "").strip())

"""One visit to a site: what was found, what was proposed, what was written."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from pathlib import Path
from typing import Any

from looksay.errors import PageError
from looksay.library.alt_text.finding import Finding, State
from looksay.library.alt_text.pages import Page
from looksay.library.alt_text.proposing import Rules, examine, propose
from looksay.library.alt_text.report import summarize
from looksay.library.alt_text.writing import fill_in, write_page


class Visit:
    """The findings of a site, in the order of its pages, and what went wrong with single pages."""

    def __init__(self, findings: list[Finding], pages: dict[Path, Page], rules: Rules) -> None:
        self.findings = findings
        self.problems: list[PageError] = []
        self._pages, self._rules = pages, rules

    @property
    def needs_captioner(self) -> bool:
        """Whether any picture is to be captioned."""
        return any(finding.key for finding in self.findings)

    @property
    def shown(self) -> list[Finding]:
        """The findings that a person should see: those that are not simply right."""
        right = (State.HAS_TEXT, State.DECORATIVE, State.SMALL)
        return [finding for finding in self.findings if finding.state not in right]

    @property
    def summary(self) -> str:
        """One sentence of numbers."""
        return summarize(self.findings)

    def propose(
        self,
        captioner: Any,
        options: dict[str, Any] | None = None,
    ) -> None:
        """Gives each image whose picture can be seen its text."""
        self.findings = propose(self.findings, captioner, self._rules, options or {})

    def write(self, *, unsure_too: bool = False) -> None:
        """Puts the texts into the pages, a page at a time; what goes wrong joins the problems."""
        chosen = (State.READY, State.REVIEW) if unsure_too else (State.READY,)
        by_page: dict[Path, list[Finding]] = defaultdict(list)
        for finding in self.findings:
            if finding.text and finding.state in chosen:
                by_page[finding.page].append(finding)
        written = {path for path, findings in by_page.items() if self._write_page(path, findings)}
        self.findings = [
            replace(finding, state=State.WRITTEN)
            if finding.page in written and finding in by_page[finding.page]
            else finding
            for finding in self.findings
        ]

    def _write_page(self, path: Path, findings: list[Finding]) -> bool:
        page = self._pages[path]
        try:
            write_page(page, fill_in(page, findings))
        except PageError as error:
            self.problems.append(error)
            return False
        return True


def visit(site: Path, rules: Rules | None = None) -> Visit:
    """Looks through a site. PageError where there is none."""
    rules, problems = rules or Rules(), list[PageError]()
    pages: dict[Path, Page] = {}
    findings: list[Finding] = []
    for page, found in examine(site, rules, problems.append):
        findings += found
        if any(finding.key for finding in found):  # the others are not written
            pages[page.path] = page
    result = Visit(findings, pages, rules)
    result.problems = problems
    return result

"""Which tests may be skipped, and why: any other skip fails, so that none goes unnoticed for ever."""

from collections.abc import Generator

import pytest

MAY_BE_SKIPPED = {
    "no Python older than 3.11 is on this machine": "it is about such a Python beside the right one",
    "no other declared Python is on this machine": "the one that runs the tests runs all of them",
    "this system has no /dev/full": "a full disk can be had for nothing on Linux only",
    "a process can't be kept on one core": "the bench is made for Linux",
    "the memory of another process is read from /proc": "the bench is made for Linux",
    "what still runs is seen in /proc": "the bench is made for Linux",
    "the page's lines use jq": "people who monitor have it; a machine that only tests need not",
    "curl is not on this machine": "as jq",
    "Node is not on this machine": "who changes its program on the page has it; the kit needs none",
    "Go is not on this machine": "as Node",
    "PHP with phpseclib 3 and gmp is not on this machine": "as Node; CI installs it",
    "no Kubernetes API server was built on this machine": "`make test` builds it where there is a Go; CI has one",
    "no language host of Pulumi for YAML is on this machine": "as the API server; every release of Pulumi has one",
    "`make test` built no program in this language": "as the API server; it says why it did not",
    "only root can give a file away": "a file of another owner can be made by root only; CI is root",
    "the page is being written": "with --write-docs there is nothing to compare yet",
    "it failed, but midnight UTC came while it ran": "the engine has the date of the day from the clock",
}
"""The reason that a test gives, and why that is one."""


def _unlisted(report: pytest.TestReport | pytest.CollectReport) -> str | None:
    if not report.skipped or hasattr(report, "wasxfail") or not isinstance(report.longrepr, tuple):
        return None
    reason = str(report.longrepr[2]).removeprefix("Skipped: ")
    return None if reason in MAY_BE_SKIPPED else f"{__name__} lists no such reason to skip a test: {reason}"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Of a test that skips itself, or is marked to be skipped."""
    report = yield
    if unlisted := _unlisted(report):
        report.outcome, report.longrepr = "failed", unlisted
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """Of a module that skips itself."""
    report = yield
    if unlisted := _unlisted(report):
        report.outcome, report.longrepr = "failed", unlisted
    return report

"""Who acts, for the audit log: the system's user, the machine, and the run of a CI system. No secret is in it."""

import os
import re
from collections.abc import Mapping
from typing import NamedTuple

from whatsapp_flow_keys.quotation import quotable

AUDIT_ACTOR = "WHATSAPP_AUDIT_ACTOR"
"""The environment variable that says who acts, in place of all that is found here."""

_LONGEST = 300
_CREDENTIALS = re.compile(r"(?<=://)[^/@\s]*@")


class _System(NamedTuple):
    """A CI system, by variables that it documents: in ``person`` who started the run, in ``run`` the run's URL."""

    name: str
    person: str
    run: str


_SYSTEMS = (
    _System("GitHub Actions", "{GITHUB_ACTOR}", "{GITHUB_SERVER_URL}/{GITHUB_REPOSITORY}/actions/runs/{GITHUB_RUN_ID}"),
    _System("GitLab CI", "{GITLAB_USER_LOGIN}", "{CI_JOB_URL}"),
    _System(
        "Azure Pipelines", "{BUILD_REQUESTEDFOR}", "{SYSTEM_COLLECTIONURI}{SYSTEM_TEAMPROJECT} build {BUILD_BUILDID}"
    ),
    _System("CircleCI", "{CIRCLE_USERNAME}", "{CIRCLE_BUILD_URL}"),
    _System("Buildkite", "{BUILDKITE_BUILD_CREATOR}", "{BUILDKITE_BUILD_URL}"),
    _System("Jenkins", "{BUILD_USER_ID}", "{BUILD_URL}"),
)


def actor_in(environ: Mapping[str, str]) -> str:
    """``user@host``, and in a CI run its system, who started it, and where it is; or what ``AUDIT_ACTOR`` says."""
    said = environ.get(AUDIT_ACTOR, "").strip() or ", ".join([f"{_user()}@{os.uname().nodename}", *_ci_run(environ)])
    return quotable(_CREDENTIALS.sub("", said), _LONGEST)


def _user() -> str:
    """By the system, not by a variable; a container's user may have no name."""
    import pwd  # of POSIX alone: programs that only import this must not need it

    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        return str(os.geteuid())


def _ci_run(environ: Mapping[str, str]) -> list[str]:
    for system in _SYSTEMS:
        run = _filled(system.run, environ)
        if run:
            return [" by ".join(filter(None, (system.name, _filled(system.person, environ)))), run]
    return []


def _filled(text: str, environ: Mapping[str, str]) -> str:
    """Empty where one of the variables isn't set."""
    try:
        return text.format_map({name: value for name, value in environ.items() if value})
    except KeyError:
        return ""

"""What CI runs, as a runner runs it: bash, a real project, and a small server in place of GitHub or GitLab."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from medallion.review.forge import mark
from tests.e2e.conftest import PATIENCE, Project, built
from tests.git.conftest import isolate, isolated_git
from tests.review.forges import TOKEN, Forge, served
from tests.review.posting import outputs

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ["built", "isolated_git"]

REPOSITORY = Path(__file__).parents[2]
ACTION: dict[str, Any] = yaml.safe_load((REPOSITORY / "action.yml").read_text(encoding="utf-8"))
DEFAULTS = {name: str(about["default"]) for name, about in ACTION["inputs"].items()}
# To install pip into a new environment takes many seconds, and that it was asked for is seen without it.
WITHOUT_PIP = (" -m venv ", " -m venv --without-pip ")
PROGRAMS = "/tmp/medallion"  # noqa: S108 (a folder in the container of a job)
LATER = "4,Edsger,returned,99.90,2026-02-04 08:30:00,2026-02-10 23:00:00\n"


@dataclass
class Runner:
    """As much of a runner of GitHub Actions as a composite action meets."""

    folder: Path
    workspace: Path
    forge: Forge
    event: Mapping[str, Any]
    log: str = ""
    set: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        program(self.folder)
        (self.folder / "event.json").write_text(json.dumps(self.event))

    @property
    def summary(self) -> str:
        return (self.folder / "summary.md").read_text(encoding="utf-8")

    def run(self, name: str, **inputs: str) -> int:
        """Run the step of this name; its exit code."""
        step = next(step for step in ACTION["runs"]["steps"] if step["name"] == name)
        known = {f"inputs.{key}": value for key, value in DEFAULTS.items()}
        known |= {f"inputs.{key.replace('_', '-')}": value for key, value in inputs.items()}
        known |= {f"steps.review.outputs.{key}": value for key, value in self.set.items()}
        known["github.event.pull_request.base.sha"] = self.event.get("pull_request", {}).get("base", {}).get("sha", "")
        known["inputs.token"] = TOKEN
        environment = {key: self.evaluated(value, known) for key, value in step.get("env", {}).items()}
        output = self.folder / "output"
        output.write_text("")
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"].replace(*WITHOUT_PIP)],
            cwd=self.workspace,
            env={**os.environ, **self.variables(output), **environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=PATIENCE,
        )
        self.log += done.stdout
        assert TOKEN not in done.stdout
        assert "Traceback" not in done.stdout, done.stdout
        if step.get("id") == "review":
            self.set = outputs(re.sub(r"(?m)^code=(\d+)$", r"code<<E\n\1\nE", output.read_text(encoding="utf-8")))
        return done.returncode

    def evaluated(self, text: str, known: Mapping[str, str]) -> str:
        """An expression: a name, or the first of several that is not empty."""
        return re.sub(
            r"\$\{\{ (.+?) \}\}", lambda m: next(filter(None, (known.get(n, "") for n in m[1].split(" || "))), ""), text
        )

    def variables(self, output: Path) -> dict[str, str]:
        return {
            "GITHUB_ACTIONS": "true",
            "GITHUB_ACTION_PATH": str(REPOSITORY),
            "GITHUB_API_URL": self.forge.url,
            "GITHUB_EVENT_PATH": str(self.folder / "event.json"),
            "GITHUB_OUTPUT": str(output),
            "GITHUB_REPOSITORY": "shop/data",
            "GITHUB_STEP_SUMMARY": str(self.folder / "summary.md"),
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "RUNNER_TEMP": str(self.folder),
            "no_proxy": "*",
        }

    def heeded(self) -> list[str]:
        """The commands in the log that a runner would carry out."""
        found, stopped = [], ""
        for line in self.log.splitlines():
            text = line.strip()
            if stopped:
                stopped = "" if text == f"::{stopped}::" else stopped
            elif text.startswith("::stop-commands::"):
                stopped = text.removeprefix("::stop-commands::")
            elif text.startswith(("::", "##[")):
                found.append(text)
        assert not stopped
        return found


def program(folder: Path) -> None:
    """Put a ``medallion`` where the scripts have installed one."""
    file = folder / "medallion" / "bin" / "medallion"
    file.parent.mkdir(parents=True)
    # As the script that pip writes, it looks for no module where it is started.
    file.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -I -m medallion "$@"\n')
    file.chmod(0o755)


def hostile(checkout: Path) -> Path:
    """Put modules into a checkout by the names of those that the scripts want; the file that tells they were run."""
    told = checkout.parent / "told"
    text = f"with open({str(told)!r}, 'a') as file:\n    file.write(__file__)\n"
    for name in ("secrets.py", "venv.py", "ensurepip.py", "pip/__init__.py", "pip/__main__.py", "medallion.py"):
        file = checkout / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return told


@pytest.fixture
def forge() -> Iterator[Forge]:
    with served() as forge:
        yield forge


@dataclass(frozen=True)
class PullRequest:
    """A project whose HEAD is a pull request's, and the commit that it goes into."""

    project: Project
    base: str


@pytest.fixture(scope="module")
def changed(built: Path, tmp_path_factory: pytest.TempPathFactory) -> PullRequest:
    """A new export changes all three datasets; made once, and every test takes a copy."""
    with pytest.MonkeyPatch.context() as patch:
        isolate(tmp_path_factory.mktemp("home"), patch)
        project = Project(tmp_path_factory.mktemp("changed") / "shop")
        shutil.copytree(built, project.root, symlinks=True)
        base = project.git("rev-parse", "HEAD")
        project.git("switch", "--quiet", "--create", "better")
        with (project.root / "sources" / "orders.csv").open("a") as file:
            file.write(LATER)
        project.run("run").ok()
        project.run("commit", "-m", "::error::from a commit\n\n::set-output name=x::y").ok()
    return PullRequest(project, base)


@pytest.fixture
def pull(changed: PullRequest, tmp_path: Path) -> PullRequest:
    shutil.copytree(changed.project.root, tmp_path / "shop", symlinks=True)
    return PullRequest(Project(tmp_path / "shop"), changed.base)


def test_a_pull_request_is_reviewed_and_fails_where_it_is_told_to(
    pull: PullRequest, forge: Forge, tmp_path: Path
) -> None:
    runner = Runner(
        tmp_path / "runner", pull.project.root, forge, {"pull_request": {"number": 7, "base": {"sha": pull.base}}}
    )
    assert runner.run("Install git-lfs where it is missing") == 0
    assert runner.run("Review") == 0, runner.log
    assert runner.set["code"] == "0"
    assert runner.set["failed"] == "false"
    assert runner.set["changed"] == "3"
    assert runner.set["verdict"] in runner.summary.replace("*", "")
    assert runner.run("Verdict") == 0
    assert len(forge.bodies()) == 1
    assert forge.bodies()[0].startswith(mark())
    assert "gold.revenue" in forge.bodies()[0]
    reports = Path(runner.set["reports"])
    assert {"comment.md", "review.html"} <= {path.name for path in reports.iterdir()}

    # Another commit: the same comment, and a job that fails.
    (pull.project.root / "sql" / "gold" / "revenue.sql").write_text("SELECT 1 AS one FROM silver.orders\n")
    pull.project.commit("stale")
    assert runner.run("Review") == 0
    assert runner.set["code"] == "1"
    assert runner.set["failed"] == "true"
    assert len(forge.bodies()) == 1
    assert "Stale data" in forge.bodies()[0]
    assert "**Fails:**" in forge.bodies()[0]
    assert runner.set["reasons"].startswith("gold.revenue is stale: ")
    assert runner.run("Verdict") == 1
    (error,) = runner.heeded()
    said, *reasons = error.removeprefix("::error title=medallion review::").split("%0A")
    assert said == runner.set["verdict"]
    assert reasons[0].startswith("gold.revenue is stale: SQL changed")


def test_a_fork_s_report_is_kept_and_posted_by_the_second_workflow(
    pull: PullRequest, forge: Forge, tmp_path: Path
) -> None:
    forge.read_only = True
    event = {"pull_request": {"number": 7, "base": {"sha": pull.base}}}
    first = Runner(tmp_path / "first", pull.project.root, forge, event)
    assert first.run("Review") == 0, first.log
    assert first.set["code"] == "0"
    assert "Resource not accessible by integration" in first.log
    assert forge.bodies() == []

    forge.read_only = False
    head = {"sha": "5" * 40, "label": "eve:better", "repo": {"full_name": "eve/data"}}
    forge.pulls = [{"number": 7, "head": head}]
    run = {"event": "pull_request", "head_sha": "5" * 40, "head_branch": "better"}
    source = {"full_name": "eve/data", "owner": {"login": "eve"}}
    empty = tmp_path / "empty"
    empty.mkdir()
    second = Runner(tmp_path / "second", empty, forge, {"workflow_run": {**run, "head_repository": source}})
    assert second.run("Post what a fork's job has left", post_from=first.set["reports"]) == 0, second.log
    assert "gold.revenue" in forge.bodies()[0]
    assert first.heeded() == second.heeded() == []


def test_a_job_without_a_pull_request_and_one_that_cannot_finish_say_so(
    pull: PullRequest, forge: Forge, tmp_path: Path
) -> None:
    runner = Runner(tmp_path / "runner", pull.project.root, forge, {})
    assert runner.run("Review") == 2
    assert runner.heeded() == [
        "::error title=medallion review::this job was not started by a pull request: give the input base"
    ]
    assert runner.run("Review", base="nowhere") == 0
    assert runner.set["code"] == "2"
    assert runner.run("Verdict") == 2
    assert runner.heeded()[-1].endswith("the review could not be finished; the step above says why")


def test_no_module_of_the_checkout_is_run_in_an_action(forge: Forge, tmp_path: Path) -> None:
    checkout = tmp_path / "checkout"
    told = hostile(checkout)
    runner = Runner(tmp_path / "runner", checkout, forge, {})
    # None of the three can be finished; each gets past the last Python that it starts.
    assert runner.run("Install medallion") == 1
    assert "No module named pip" in runner.log
    assert runner.run("Review", base="HEAD") == 0, runner.log
    assert runner.set["code"] == "2"
    assert runner.run("Post what a fork's job has left", post_from="nowhere") == 2, runner.log
    assert not told.exists(), told.read_text()


def test_no_module_of_the_checkout_is_run_in_a_job_of_gitlab(tmp_path: Path) -> None:
    template = yaml.safe_load((REPOSITORY / "templates" / "medallion-review.gitlab-ci.yml").read_text(encoding="utf-8"))
    script = "\n".join(template["medallion-review"]["before_script"]).replace(PROGRAMS, str(tmp_path / "medallion"))
    checkout = tmp_path / "checkout"
    told = hostile(checkout)
    done = subprocess.run(
        ["bash", "-eo", "pipefail", "-c", script.replace(*WITHOUT_PIP)],
        cwd=checkout,
        env={**os.environ, "MEDALLION_PACKAGE": "x", "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    assert "No module named pip" in done.stderr
    assert not told.exists(), told.read_text()


def test_a_verdict_is_one_command_whatever_it_says(pull: PullRequest, forge: Forge, tmp_path: Path) -> None:
    runner = Runner(tmp_path / "runner", pull.project.root, forge, {})
    runner.set = {"code": "1", "verdict": "100%\r\n::error::$(touch pwned) `touch pwned`\n"}
    assert runner.run("Verdict") == 1
    assert runner.heeded() == ["::error title=medallion review::100%25%0D%0A::error::$(touch pwned) `touch pwned`%0A"]
    assert not (pull.project.root / "pwned").exists()


def test_a_review_without_its_comment_is_told_apart_from_none(pull: PullRequest, forge: Forge, tmp_path: Path) -> None:
    runner = Runner(tmp_path / "runner", pull.project.root, forge, {})
    runner.set = {"code": "0", "verdict": "no dataset changed", "unposted": "the comment could not be posted: 50%\n::x"}
    assert runner.run("Verdict") == 0
    assert runner.heeded() == ["::warning title=medallion review::the comment could not be posted: 50%25%0A::x"]
    runner.log = ""
    runner.set = {"code": "2", "verdict": "no dataset changed"}
    assert runner.run("Verdict") == 2
    assert runner.heeded() == [
        "::error title=medallion review::the comment could not be posted; the step above says why%0Ano dataset changed"
    ]


def test_a_merge_request_is_reviewed_with_a_comment_where_there_is_a_token(pull: PullRequest, tmp_path: Path) -> None:
    template = yaml.safe_load((REPOSITORY / "templates" / "medallion-review.gitlab-ci.yml").read_text(encoding="utf-8"))
    script = "\n".join(template["medallion-review"]["script"]).replace(PROGRAMS, str(tmp_path / "medallion"))
    program(tmp_path)

    def run(forge: Forge, **more: str) -> str:
        job = {
            "CI_API_V4_URL": forge.url,
            "CI_MERGE_REQUEST_DIFF_BASE_SHA": pull.base,
            "CI_MERGE_REQUEST_IID": "7",
            "CI_PROJECT_DIR": str(pull.project.root),
            "CI_PROJECT_ID": "12",
            "GITLAB_CI": "true",
            "no_proxy": "*",
            **more,
        }
        outside = {name: value for name, value in os.environ.items() if not name.startswith("GITHUB_")}
        done = subprocess.run(
            ["bash", "-eo", "pipefail", "-c", script],
            cwd=pull.project.root,
            env={**outside, **job},
            capture_output=True,
            text=True,
            timeout=PATIENCE,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    with served(gitlab=True) as forge:
        # In a pipeline for merged results the head is not what is checked out.
        assert "GITLAB_TOKEN is not set" in run(forge, CI_MERGE_REQUEST_SOURCE_BRANCH_SHA=pull.base)
        report = pull.project.root / "medallion-review" / "comment.md"
        assert "no dataset changed" in report.read_text(encoding="utf-8")
        assert forge.asked == []
        assert "not set" not in run(forge, GITLAB_TOKEN=TOKEN, MEDALLION_FAIL_ON="removed-rows>0, breaking")
        assert "gold.revenue" in forge.bodies()[0]

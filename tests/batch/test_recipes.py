"""The files of the recipes: they parse, agree with themselves, and their command lines are ones that the command takes."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml

from shnor_analysis.batch.sharding import Shard, read_shard
from shnor_analysis.cli.commands import make_app

RECIPES = Path(__file__).parents[2] / "docs" / "recipes"
SLURM_OPTION = re.compile(r"^#SBATCH (--[a-z-]+)=?(\S*)$", re.MULTILINE)
SLURM_OPTIONS = {
    *("--job-name", "--array", "--nodes", "--ntasks", "--ntasks-per-node", "--cpus-per-task", "--mem"),
    *("--time", "--requeue", "--signal", "--output"),
}
TELLING = f"""#!{sys.executable}
import json, os, sys, time
if sys.argv[0].endswith("shnor"):
    limit = time.monotonic() + 20
    while time.monotonic() < limit and not all(
        os.path.isfile(os.environ["TOLD"]) and one in open(os.environ["TOLD"]).read().replace(" ", "")
        for one in os.environ.get("AWAITED", "").split()
    ):
        time.sleep(0.02)
with open(os.environ["TOLD"], "a") as stream:
    stream.write(json.dumps([os.path.basename(sys.argv[0]), *sys.argv[1:]]) + "\\n")
if sys.argv[0].endswith("srun"):
    os.execvp(sys.argv[1], sys.argv[1:])
"""


def run_shell(folder: Path, *words: str, **environment: str) -> list[list[str]]:
    """Run a shell with programmes that only tell how they were called."""
    folder.mkdir()
    for name in ("shnor", "srun", "dask"):
        (folder / name).write_text(TELLING)
        (folder / name).chmod(0o755)
    told = folder / "told"
    path = os.pathsep.join([str(folder), os.environ["PATH"]])
    subprocess.run(words, env={"PATH": path, "TOLD": str(told), **environment}, check=True, timeout=30)
    return [json.loads(line) for line in told.read_text().splitlines()]


def order(calls: list[list[str]]) -> dict[str, Any]:
    """The one order of reports among the calls, as the command itself reads it."""
    (words,) = [call[1:] for call in calls if call[0] == "shnor"]
    assert words[0] == "report"
    command = typer.main.get_command(make_app()).commands["report"]  # type: ignore[attr-defined]
    return dict(command.make_context("report", words[1:]).params)


def documents(name: str) -> list[dict[str, Any]]:
    return list(yaml.safe_load_all((RECIPES / name).read_text(encoding="utf-8")))


def test_the_pods_of_an_indexed_job_are_all_parts_of_one_whole(tmp_path: Path) -> None:
    (job,) = documents("kubernetes_shards.yaml")
    spec = job["spec"]
    assert (job["apiVersion"], job["kind"], spec["completionMode"]) == ("batch/v1", "Job", "Indexed")
    assert spec["parallelism"] <= spec["completions"]
    pod = spec["template"]["spec"]
    assert pod["restartPolicy"] == "Never", "a rule on failures of pods needs it"
    (container,) = pod["containers"]
    assert_volumes_are_there(pod)
    (rule,) = [one["onExitCodes"] for one in spec["podFailurePolicy"]["rules"] if "onExitCodes" in one]
    assert rule["containerName"] == container["name"]
    environment = {one["name"]: one["value"] for one in container["env"]}
    parts = set()
    for index in range(spec["completions"]):
        words = (*container["command"], *container["args"])
        params = order(
            run_shell(tmp_path / str(index), *words, JOB_COMPLETION_INDEX=str(index), **environment)
        )
        assert (params["all_schools"], params["folder"]) == (True, Path("/workspace"))
        parts.add(read_shard(params["shard"]))
    assert parts == {Shard(number, spec["completions"]) for number in range(1, spec["completions"] + 1)}


def assert_volumes_are_there(pod: dict[str, Any]) -> None:
    (container,) = pod["containers"]
    assert {one["name"] for one in container["volumeMounts"]} <= {one["name"] for one in pod["volumes"]}


def test_scheduler_workers_and_order_of_a_cluster_fit_together() -> None:
    found = {
        (one["kind"], one["metadata"]["name"]): one["spec"]
        for one in documents("kubernetes_cluster.yaml")
        if "spec" in one
    }
    pods = {name: spec["template"] for (kind, name), spec in found.items() if kind in {"Deployment", "Job"}}
    assert pods.keys() == {"shnor-scheduler", "shnor-workers", "shnor-order"}
    service = found["Service", "shnor-scheduler"]
    assert service["selector"].items() <= pods["shnor-scheduler"]["metadata"]["labels"].items()
    address = f"tls://shnor-scheduler:{service['ports'][0]['port']}"
    words = {name: pod["spec"]["containers"][0]["args"] for name, pod in pods.items()}
    assert words["shnor-scheduler"][words["shnor-scheduler"].index("--port") + 1] == str(
        service["ports"][0]["targetPort"]
    )
    assert words["shnor-workers"][:3] == ["dask", "worker", address]
    params = order([words["shnor-order"]])
    assert (params["cluster"], params["all_schools"], params["folder"]) == (address, True, Path("/workspace"))
    policy = found["NetworkPolicy", "shnor"]
    assert all(
        policy["podSelector"]["matchLabels"].items() <= pod["metadata"]["labels"].items()
        for pod in pods.values()
    )
    for pod in pods.values():
        assert_volumes_are_there(pod["spec"])
    mounts = [
        {one["name"]: one["mountPath"] for one in pods[name]["spec"]["containers"][0]["volumeMounts"]}[
            "workspace"
        ]
        for name in ("shnor-workers", "shnor-order")
    ]
    assert mounts == ["/workspace", "/workspace"], "the workspace has one path everywhere"
    images = {pod["spec"]["containers"][0]["image"] for pod in pods.values()}
    assert len(images) == 1, "one software everywhere"


def test_dask_takes_the_words_of_the_recipes() -> None:
    from distributed.cli.dask_scheduler import main as scheduler
    from distributed.cli.dask_worker import main as worker

    commands = {"scheduler": scheduler, "worker": worker}
    pods = [
        one["spec"]["template"]["spec"]
        for one in documents("kubernetes_cluster.yaml")
        if one["kind"] == "Deployment"
    ]
    for pod in pods:
        _, name, *words = pod["containers"][0]["args"]
        params = commands[name].make_context(name, words).params
        assert params["protocol" if name == "scheduler" else "scheduler"].startswith("tls")


def slurm_options(name: str) -> dict[str, str]:
    text = (RECIPES / name).read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if line.startswith("#SBATCH")]
    found = dict(SLURM_OPTION.findall(text))
    assert len(found) == len(lines), "every line is one option"
    assert found.keys() <= SLURM_OPTIONS
    subprocess.run(["bash", "-n", str(RECIPES / name)], check=True)
    return found


def test_the_tasks_of_an_array_are_all_parts_of_one_whole(tmp_path: Path) -> None:
    options = slurm_options("slurm_shards.sbatch")
    first, last = map(int, options["--array"].split("-"))
    parts = set()
    for task in range(first, last + 1):
        environment = {
            "SLURM_ARRAY_TASK_ID": str(task),
            "SLURM_CPUS_PER_TASK": options["--cpus-per-task"],
            "SHNOR_FOLDER": "/shared/town",
        }
        calls = run_shell(tmp_path / str(task), "bash", str(RECIPES / "slurm_shards.sbatch"), **environment)
        params = order(calls)
        assert (params["jobs"], params["folder"]) == (int(options["--cpus-per-task"]), Path("/shared/town"))
        parts.add(read_shard(params["shard"]))
    assert parts == {Shard(number, last) for number in range(1, last + 1)}


def test_a_cluster_in_one_allocation_has_one_address(tmp_path: Path) -> None:
    options = slurm_options("slurm_cluster.sbatch")
    calls = run_shell(
        tmp_path / "shell",
        "bash",
        str(RECIPES / "slurm_cluster.sbatch"),
        SLURM_JOB_ID="41",
        SLURM_CPUS_PER_TASK=options["--cpus-per-task"],
        SHNOR_FOLDER="/shared/town",
        SHNOR_TLS="/shared/tls",
        # the script ends what it started with its order; "srun" names the worker before it is one
        AWAITED='["dask","scheduler" ["dask","worker"',
    )
    address = order(calls)["cluster"]
    assert re.fullmatch(r"tls://[\w.-]+:20041", address)
    dask = {call[1]: call[2:] for call in calls if call[0] == "dask"}
    assert dask["worker"][0] == address
    assert dask["scheduler"][dask["scheduler"].index("--port") + 1] == "20041"


def test_a_matrix_of_jobs_makes_all_parts_and_puts_them_together(tmp_path: Path) -> None:
    (github,) = documents("ci_matrix_github.yaml")
    jobs = github["jobs"]
    assert (jobs["reports"]["needs"], jobs["together"]["needs"]) == ("workspace", "reports")
    matrix = jobs["reports"]["strategy"]["matrix"]["part"]
    step = {one.get("name"): one.get("run") for name in jobs for one in jobs[name]["steps"]}
    made = [
        order(
            run_shell(
                tmp_path / f"hub-{part}", "sh", "-c", step["make"], PART=str(part), PARTS=str(len(matrix))
            )
        )
        for part in matrix
    ]
    assert {read_shard(one["shard"]) for one in made} == {
        Shard(part, len(matrix)) for part in range(1, len(matrix) + 1)
    }
    whole = order(run_shell(tmp_path / "hub", "sh", "-c", step["index"]))
    assert (whole["all_schools"], whole["shard"]) == (True, None)

    (gitlab,) = documents("ci_matrix_gitlab.yaml")
    many = gitlab["reports"]["parallel"]
    (script,) = gitlab["reports"]["script"]
    shards = {
        read_shard(
            order(
                run_shell(
                    tmp_path / f"lab-{part}",
                    "sh",
                    "-c",
                    script,
                    CI_NODE_INDEX=str(part),
                    CI_NODE_TOTAL=str(many),
                )
            )["shard"]
        )
        for part in range(1, many + 1)
    }
    assert shards == {Shard(part, many) for part in range(1, many + 1)}
    assert {gitlab[name]["stage"] for name in ("workspace", "reports", "together")} == set(gitlab["stages"])


@pytest.mark.parametrize("page", ["kubernetes.md", "slurm.md", "ci_matrix.md"])
def test_every_page_leads_to_files_that_stand_beside_it(page: str) -> None:
    linked = set(re.findall(r"\]\(([\w.]+\.(?:yaml|sbatch))\)", (RECIPES / page).read_text(encoding="utf-8")))
    stem = page.removesuffix(".md")
    assert linked == {
        path.name for path in RECIPES.iterdir() if path.name.startswith(stem) and path.name != page
    }

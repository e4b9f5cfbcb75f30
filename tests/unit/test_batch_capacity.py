"""How many reports at a time: what control groups, affinity and memory allow, from files as the system writes them."""

from __future__ import annotations

from pathlib import Path

import pytest

from shnor_analysis.batch import capacity
from shnor_analysis.batch.capacity import Capacity, default_jobs, measure_capacity

MB = 1 << 20
UNLIMITED = str(0x7FFFFFFFFFFFF000)


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine of 8 cores with 16,000 MB free and no control groups."""
    monkeypatch.setattr(capacity, "usable_cores", lambda: 8)
    put(tmp_path, "proc/meminfo", f"MemTotal: {32_000 * 1024} kB\nMemAvailable: {16_000 * 1024} kB")
    put(tmp_path, "proc/self/cgroup", "")
    return tmp_path


def put(machine: Path, name: str, text: str) -> None:
    path = machine / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text + "\n")


def measured(machine: Path) -> tuple[int, int | None]:
    found = measure_capacity(proc=machine / "proc", groups=machine / "groups")
    return found.cores, found.free_mb


def test_without_groups_the_machine_is_the_limit(machine: Path) -> None:
    assert measured(machine) == (8, 16_000)


def test_the_narrowest_of_all_groups_above_limits(machine: Path) -> None:
    put(machine, "proc/self/cgroup", "0::/slice/job")
    put(machine, "groups/slice/job/cpu.max", "max 100000")
    put(machine, "groups/slice/cpu.max", "250000 100000")
    put(machine, "groups/slice/job/memory.max", str(2_000 * MB))
    put(machine, "groups/slice/job/memory.current", str(1_500 * MB))
    put(machine, "groups/slice/job/memory.stat", f"anon {900 * MB}\ninactive_file {400 * MB}")
    put(machine, "groups/slice/memory.max", "max")
    assert measured(machine) == (3, 900)


def test_groups_of_the_older_version_limit_as_well(machine: Path) -> None:
    put(machine, "proc/self/cgroup", "5:memory:/job\n3:cpu,cpuacct:/job\n1:name=systemd:/job")
    put(machine, "groups/cpu/job/cpu.cfs_quota_us", "150000")
    put(machine, "groups/cpu/job/cpu.cfs_period_us", "100000")
    put(machine, "groups/cpu/cpu.cfs_quota_us", "-1")
    put(machine, "groups/memory/job/memory.limit_in_bytes", str(1_000 * MB))
    put(machine, "groups/memory/job/memory.usage_in_bytes", str(300 * MB))
    put(machine, "groups/memory/job/memory.stat", f"total_inactive_file {100 * MB}")
    put(machine, "groups/memory/memory.limit_in_bytes", UNLIMITED)
    put(machine, "groups/memory/memory.usage_in_bytes", str(9_000 * MB))
    assert measured(machine) == (2, 800)


def test_a_group_whose_folder_is_not_seen_from_a_container_limits_by_its_root(machine: Path) -> None:
    put(machine, "proc/self/cgroup", "0::/not/seen/here")
    put(machine, "groups/cpu.max", "100000 100000")
    assert measured(machine) == (1, 16_000)


@pytest.mark.parametrize(
    ("free_mb", "jobs"), [(None, 8), (16_000, 8), (350 + 150 * 3, 3), (350 + 150 * 3 - 1, 2), (100, 1)]
)
def test_as_many_reports_as_fit_beside_one_server_and_one_at_least(free_mb: int | None, jobs: int) -> None:
    assert Capacity(8, free_mb).jobs(base_mb=350, job_mb=150) == jobs


def test_it_is_said_in_one_line_when_memory_limits(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    for free_mb in (800, 16_000):
        monkeypatch.setattr(capacity, "measure_capacity", lambda free=free_mb: Capacity(8, free))
        default_jobs("warm")
    assert caplog.messages == [
        "Отчёты делаются по 3, хотя ядер 8: больше не помещается в свободную память (800 МБ). "
        "Другое число задаёт --jobs."
    ]

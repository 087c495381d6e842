"""Tasks that outlive the calls that wait for them."""

import anyio
import anyio.lowlevel
import pytest
from anyio.abc import TaskGroup

import filing
from gemini_interactions_mcp.core.errors import NetworkError
from gemini_interactions_mcp.core.shared_tasks import SharedTasks

tasks = filing.tasks


async def test_a_task_is_shared_until_its_outcome_is_taken_or_old(tasks: TaskGroup) -> None:
    begun = list[int]()

    async def work() -> int:
        begun.append(len(begun))
        await anyio.sleep(0.01)
        return len(begun)

    shared = SharedTasks[int](tasks, 60)
    first = shared.begin("a", work)
    await first.done.wait()
    assert shared.begin("a", work) is first
    assert first.get_outcome() == 1
    shared.drop("a")
    second = shared.begin("a", work)
    assert second is not first
    shared.clear()
    short = SharedTasks[int](tasks, -1)
    third = short.begin("a", work)
    assert short.begin("a", work) is third
    await third.done.wait()
    assert short.begin("a", work) is not third


async def test_what_goes_wrong_is_told_to_the_call_that_takes_it(tasks: TaskGroup) -> None:
    async def fail() -> int:
        await anyio.lowlevel.checkpoint()
        raise NetworkError("broken")

    task = SharedTasks[int](tasks, 60).begin("a", fail)
    await task.done.wait()
    with pytest.raises(NetworkError, match="broken"):
        task.get_outcome()

"""Event loops on which `async def` handlers run. Not asyncio itself: these are its own loops, only started differently.

A coroutine is started on the thread that has it, as a real task under an idle loop that is set as the running one; the
loop's ready queue is worked off in place. When nothing is left to do, the loop is idle again and no other thread took
part. Otherwise a runner thread takes the loop over, runs it until it is quiet, and makes it idle again.
"""

import asyncio
import contextvars
import threading
from asyncio import Task
from asyncio.events import _set_running_loop
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine
from functools import partial
from sys import set_asyncgen_hooks
from threading import get_ident
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from selectors import BaseSelector

# A handler that never waits but yields again and again is finished by a runner: callbacks that one start may run.
STEPS_IN_PLACE = 256
# How long a thread without work waits for some before it ends, in seconds.
WORKER_IDLE = 10.0
# How many events may be gone on with at once after their coroutines have ended: their next handlers may block.
DELIVERIES = 32

IDLE, IN_PLACE, RUNNING = range(3)

# The event that a handler runs for; its tasks and the threads of `asyncio.to_thread` inherit it.
EVENT: contextvars.ContextVar[object] = contextvars.ContextVar("siphon_event")


class HandlerLoop(asyncio.SelectorEventLoop):
    """A selector event loop that can be run for a moment by one thread and on by another."""

    if TYPE_CHECKING:  # what asyncio's own loops have, and the type stubs do not say
        _ready: deque[asyncio.Handle]
        _scheduled: list[Any]
        _selector: BaseSelector
        _task_factory: Any
        _thread_id: int | None
        _timer_cancelled_count: int
        _asyncgen_firstiter_hook: Callable[[Any], None]
        _asyncgen_finalizer_hook: Callable[[Any], None]

        def _run_once(self) -> None: ...

    def __init__(self, pool: "LoopPool") -> None:
        super().__init__()
        self.pool = pool
        self.set_exception_handler(_report)
        self.state = IDLE
        # The selector's own table where there is one: the public view of it costs a Python call each time.
        self._files = getattr(self._selector, "_fd_to_key", None) or self._selector.get_map()
        self._own_files = len(self._files)
        self._hooks = (self._asyncgen_firstiter_hook, self._asyncgen_finalizer_hook)

    def is_quiet(self) -> bool:
        """Whether nothing can happen on this loop unless somebody calls it: no callback, no timer, no file."""
        if self._ready or len(self._files) > self._own_files:
            return False
        if self._scheduled:
            if len(self._scheduled) > self._timer_cancelled_count:
                return False
            for handle in self._scheduled:
                handle._scheduled = False
            self._scheduled.clear()
            self._timer_cancelled_count = 0
        return True

    def call_soon_threadsafe(  # type: ignore[override]  # the stubs tie the arguments to the callback
        self, callback: Callable[..., object], *args: Any, context: contextvars.Context | None = None
    ) -> asyncio.Handle:
        handle = super().call_soon_threadsafe(callback, *args, context=context)
        self.pool.wake(self)
        return handle

    def start(self, coroutine: Coroutine[Any, Any, Any], context: contextvars.Context) -> "Task[Any]":
        """Starts a task on this thread and runs what is ready; the task may be done afterwards, or not."""
        self._enter()
        try:
            if self._task_factory is None:
                task = Task(coroutine, loop=self, context=context)
            else:
                task = self.create_task(coroutine, context=context)
            ready = self._ready
            budget = STEPS_IN_PLACE
            while ready and budget:
                budget -= 1
                handle = ready.popleft()
                if not handle._cancelled:
                    try:
                        handle._run()
                    except (KeyboardInterrupt, SystemExit):
                        pass  # it is the task's exception already
            return task
        finally:
            self._leave()

    def run_until_quiet(self) -> None:
        """Runs this loop until the pool takes it back."""
        self._enter()
        try:
            while not (self.is_quiet() and self.pool.take_back(self)):
                try:
                    self._run_once()
                except (KeyboardInterrupt, SystemExit):
                    pass
        finally:
            self._leave()

    def _enter(self) -> None:
        # No loop runs on this thread: what a runner delivers it delivers in between, see `leave_loop`.
        self._thread_id = get_ident()
        set_asyncgen_hooks(*self._hooks)
        _set_running_loop(self)

    def _leave(self) -> None:
        self._thread_id = None
        _set_running_loop(None)
        set_asyncgen_hooks(None, None)


class Workers:
    """Threads that come when there is work and go when there was none for a while; at most `limit`."""

    def __init__(self, name: str, limit: int) -> None:
        self._name = name
        self._limit = limit
        self._jobs: deque[Callable[[], object]] = deque()
        self._changed = threading.Condition()
        self._threads = 0
        self._waiting = 0

    def submit(self, job: Callable[[], object]) -> None:
        """Has a job done; in order when all threads are busy."""
        with self._changed:
            self._jobs.append(job)
            if len(self._jobs) <= self._waiting:
                self._changed.notify()
            elif self._threads < self._limit:
                self._threads += 1
                threading.Thread(target=self._work, name=self._name, daemon=True).start()

    def _work(self) -> None:
        job = self._next()
        while job is not None:
            job()
            del job  # or the thread keeps what it has done until there is more
            job = self._next()

    def _next(self) -> Callable[[], object] | None:
        with self._changed:
            while not self._jobs:
                self._waiting += 1
                woken = self._changed.wait(WORKER_IDLE)
                self._waiting -= 1
                if not woken and not self._jobs:
                    self._threads -= 1
                    return None
            return self._jobs.popleft()


class LoopPool:
    """The loops of this process, at most `size`; each has at most one runner thread."""

    def __init__(self, size: int, report: Callable[[str, BaseException | None], None]) -> None:
        self.size = max(1, size)
        self.report = report
        self.handovers = 0
        self._lock = threading.Lock()
        self._loops: list[HandlerLoop] = []
        self._runners = Workers("siphon-async", self.size)
        self._deliverers = Workers("siphon-deliver", DELIVERIES)
        self._tasks: set[Task[Any]] = set()

    def run(
        self,
        coroutine: Coroutine[Any, Any, Any],
        on_done: Callable[[Task[Any]], object],
        event: object,
        home: int,
        stays: bool,
    ) -> "Task[Any] | bool":
        """Runs a coroutine. Returns its task if it is done already; else `on_done(task)` is called by a runner, and the
        answer is True if the coroutine was seen to wait, False if it was given to a loop that somebody runs.

        `event` becomes the value of `EVENT`. `home` says which loop is preferred. What `stays` is run there and nowhere
        else, so that the clients that a script keeps (connections belong to a loop) find their own loop again.
        """
        loop = self._take(home, stays)
        if loop is None:
            loop = self._running(home, stays)
            with self._lock:
                self.handovers += 1
            loop.call_soon_threadsafe(self._start_on, loop, coroutine, on_done, _context(event))
            return False
        try:
            task = loop.start(coroutine, _context(event))
        except BaseException:
            self._give_back(loop)
            raise
        if not task.done():
            self._watch(task, on_done)
            self._give_back(loop)
            return True
        self._give_back(loop)
        return task

    def aside(self, function: Callable[[], object]) -> None:
        """Calls a function on a thread that may block, which that of a loop must not."""
        self._deliverers.submit(function)

    def wake(self, loop: HandlerLoop) -> None:
        """Somebody put a callback into a loop from outside; if nobody runs it, a runner does."""
        with self._lock:
            if loop.state != IDLE:
                return
            loop.state = RUNNING
            self._hand_over(loop)

    def take_back(self, loop: HandlerLoop) -> bool:
        """Makes a loop idle, unless a callback came in; its runner asks before it stops."""
        with self._lock:
            if loop._ready:
                return False
            loop.state = IDLE
            return True

    def _take(self, home: int, stays: bool) -> HandlerLoop | None:
        with self._lock:
            index = home % self.size
            while len(self._loops) <= index:
                self._loops.append(HandlerLoop(self))
            loop = self._loops[index]
            if loop.state == IDLE:
                loop.state = IN_PLACE
                return loop
            if not stays:
                loop = next((other for other in self._loops if other.state == IDLE), loop)
                if loop.state != IDLE and len(self._loops) < self.size:
                    loop = HandlerLoop(self)
                    self._loops.append(loop)
            if loop.state != IDLE:
                return None
            loop.state = IN_PLACE
            return loop

    def _running(self, home: int, stays: bool) -> HandlerLoop:
        loop = self._loops[home % self.size]
        if loop.state == IN_PLACE and not stays:
            return next((other for other in self._loops if other.state == RUNNING), loop)
        return loop

    def _give_back(self, loop: HandlerLoop) -> None:
        with self._lock:
            if loop.is_quiet():
                loop.state = IDLE
            else:
                loop.state = RUNNING
                self._hand_over(loop)

    def _hand_over(self, loop: HandlerLoop) -> None:
        """To a runner; the lock is held."""
        self.handovers += 1
        self._runners.submit(partial(self._run_on, loop))

    def _run_on(self, loop: HandlerLoop) -> None:
        try:
            loop.run_until_quiet()
        except BaseException as error:  # noqa: BLE001  # a thread has nobody to raise to
            self.report("an event loop broke; its tasks are lost", error)
            with self._lock:
                self._loops[self._loops.index(loop)] = HandlerLoop(self)

    def _start_on(
        self,
        loop: HandlerLoop,
        coroutine: Coroutine[Any, Any, Any],
        on_done: Callable[[Task[Any]], object],
        context: contextvars.Context,
    ) -> None:
        self._watch(loop.create_task(coroutine, context=context), on_done)

    def _watch(self, task: "Task[Any]", on_done: Callable[[Task[Any]], object]) -> None:
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        task.add_done_callback(on_done)


def _context(event: object) -> contextvars.Context:
    """A fresh context for a handler: nothing of an earlier handler on this thread is in it."""
    context = contextvars.Context()
    if event is not None:
        context.run(EVENT.set, event)
    return context


def _report(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """What nobody else hears of: the exception of a task that nobody awaits, or of a callback."""
    if isinstance(loop, HandlerLoop):
        loop.pool.report(str(context.get("message")), context.get("exception"))


async def as_coroutine(awaitable: Awaitable[Any]) -> Any:
    """What can be awaited, as what a task can be made of."""
    return await awaitable

"""Event loops on which `async def` handlers run. Not asyncio itself: these are its own loops, only started differently.

A coroutine is started on the thread that has it, as a real task under an idle loop that is set as the running one; the
loop's ready queue is worked off in place. When nothing is left to do, the loop is idle again and no other thread took
part. Otherwise a runner thread takes the loop over, runs it until it is quiet, and makes it idle again.
"""

import asyncio
import contextvars
import logging
import queue
import threading
from asyncio import Task
from asyncio.events import _get_running_loop, _set_running_loop
from sys import get_asyncgen_hooks, set_asyncgen_hooks
from threading import get_ident

# A handler that never waits but yields again and again is finished by a runner: callbacks that one start may run.
STEPS_IN_PLACE = 256
# How long a runner without a loop waits for the next one before its thread ends, in seconds.
RUNNER_IDLE = 10.0

IDLE, IN_PLACE, RUNNING = range(3)

# The event that a handler runs for; its tasks and the threads of `asyncio.to_thread` inherit it.
EVENT = contextvars.ContextVar("siphon_event")


class HandlerLoop(asyncio.SelectorEventLoop):
    """A selector event loop that can be run for a moment by one thread and on by another."""

    def __init__(self, pool):
        super().__init__()
        self.pool = pool
        self.state = IDLE
        # The selector's own table where there is one: its public view of it costs a call of a Python function each time.
        self._files = getattr(self._selector, "_fd_to_key", None) or self._selector.get_map()
        self._own_files = len(self._files)
        self._hooks = (self._asyncgen_firstiter_hook, self._asyncgen_finalizer_hook)

    def is_quiet(self):
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

    def call_soon_threadsafe(self, callback, *args, context=None):
        handle = super().call_soon_threadsafe(callback, *args, context=context)
        self.pool.wake(self)
        return handle

    def start(self, coroutine, context):
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

    def run_until_quiet(self):
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

    def _enter(self):
        # No loop runs on this thread: what a runner delivers it delivers in between, see `leave_loop`.
        self._thread_id = get_ident()
        set_asyncgen_hooks(*self._hooks)
        _set_running_loop(self)

    def _leave(self):
        self._thread_id = None
        _set_running_loop(None)
        set_asyncgen_hooks(None, None)


class LoopPool:
    """The loops of this process, at most `size`; each has at most one runner thread."""

    def __init__(self, size):
        self.size = max(1, size)
        self.handovers = 0
        self._lock = threading.Lock()
        self._loops = []
        self._work = queue.SimpleQueue()
        self._waiting_runners = 0
        self._tasks = set()

    def run(self, coroutine, on_done, event, home, stays):
        """Runs a coroutine. Returns its task if it is done already; else `on_done(task)` is called by a runner, and the
        answer is True if the coroutine was seen to wait, False if it was given to a loop that somebody runs.

        `event` becomes the value of `EVENT`. `home` says which loop is preferred. What `stays` is run there and nowhere
        else, so that the clients that a script keeps (connections belong to a loop) find their own loop again.
        """
        loop = self._take(home, stays)
        if loop is None:
            loop = self._running(home, stays)
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

    def wake(self, loop):
        """Somebody put a callback into a loop from outside; if nobody runs it, a runner does."""
        with self._lock:
            if loop.state != IDLE:
                return
            loop.state = RUNNING
            self._hand_over(loop)

    def take_back(self, loop):
        """Makes a loop idle, unless a callback came in; its runner asks before it stops."""
        with self._lock:
            if loop._ready:
                return False
            loop.state = IDLE
            return True

    def _take(self, home, stays):
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

    def _running(self, home, stays):
        loop = self._loops[home % self.size]
        if loop.state == IN_PLACE and not stays:
            return next((other for other in self._loops if other.state == RUNNING), loop)
        return loop

    def _give_back(self, loop):
        with self._lock:
            if loop.is_quiet():
                loop.state = IDLE
            else:
                loop.state = RUNNING
                self._hand_over(loop)

    def _hand_over(self, loop):
        """To a runner; the lock is held."""
        self.handovers += 1
        self._work.put(loop)
        if self._waiting_runners:
            self._waiting_runners -= 1
        else:
            threading.Thread(target=self._runner, name="siphon-async", daemon=True).start()

    def _runner(self):
        while True:
            try:
                loop = self._work.get(timeout=RUNNER_IDLE)
            except queue.Empty:
                with self._lock:
                    if self._waiting_runners:
                        self._waiting_runners -= 1
                        return
                continue
            try:
                loop.run_until_quiet()
            except BaseException:
                logging.getLogger("siphon").exception("an event loop broke; its tasks are lost")
                with self._lock:
                    self._loops[self._loops.index(loop)] = HandlerLoop(self)
            del loop
            with self._lock:
                self._waiting_runners += 1

    def _start_on(self, loop, coroutine, on_done, context):
        self._watch(loop.create_task(coroutine, context=context), on_done)

    def _watch(self, task, on_done):
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        task.add_done_callback(on_done)


def _context(event):
    """A fresh context for a handler: nothing of an earlier handler on this thread is in it."""
    context = contextvars.Context()
    if event is not None:
        context.run(EVENT.set, event)
    return context


def leave_loop():
    """Makes this thread one on which no loop runs, in the middle of a callback; what `return_to_loop` needs."""
    state = _get_running_loop(), get_asyncgen_hooks()
    _set_running_loop(None)
    return state


def return_to_loop(state):
    """Undoes `leave_loop`."""
    loop, hooks = state
    _set_running_loop(loop)
    set_asyncgen_hooks(*hooks)


async def as_coroutine(awaitable):
    """What can be awaited, as what a task can be made of."""
    return await awaitable

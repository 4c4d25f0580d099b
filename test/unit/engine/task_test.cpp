// Tasks hand over results and exceptions, destroy what they hold, and need no stack for a long run.
#include "engine/task.hpp"

#include <algorithm>
#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

namespace mad {
namespace {

/// Counts how many of it are alive.
class Tracked {
 public:
    explicit Tracked(int& alive) : alive_(&alive) { ++*alive_; }
    Tracked(const Tracked& other) : alive_(other.alive_) { ++*alive_; }
    Tracked& operator=(const Tracked&) = delete;
    ~Tracked() { --*alive_; }

 private:
    int* alive_;
};

/// Suspends whoever awaits it, until resume().
class Gate {
 public:
    bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<> waiter) noexcept { waiter_ = waiter; }
    void await_resume() const noexcept {}
    void resume() { std::exchange(waiter_, nullptr).resume(); }
    bool is_waited_for() const noexcept { return waiter_ != nullptr; }

 private:
    std::coroutine_handle<> waiter_;
};

template <typename T>
T run(Task<T> task) {
    task.start();
    EXPECT_TRUE(task.done());
    return task.take();
}

Task<int> give(int value) {
    co_return value;
}
Task<std::string> echo(std::string text) {
    co_return text;
}
Task<std::unique_ptr<int>> give_owned(int value) {
    co_return std::make_unique<int>(value);
}

Task<int> fail(std::string text) {
    if (!text.empty()) throw std::runtime_error(text);
    co_return 0;
}

TEST(Task, StartsOnlyWhenStarted) {
    bool started = false;
    const auto body = [](bool& flag) -> Task<void> {
        flag = true;
        co_return;
    };
    auto task = body(started);
    EXPECT_FALSE(started);
    task.start();
    EXPECT_TRUE(started);
    EXPECT_TRUE(task.done());
}

Task<int> add() {
    const int a = co_await give(1);
    const int b = co_await give(2);
    co_return a + b + co_await give(4);
}

TEST(Task, HandsResultsUp) {
    EXPECT_EQ(run(add()), 7);
}

Task<std::unique_ptr<int>> pass_owned() {
    std::unique_ptr<int> owned = co_await give_owned(5);
    ++*owned;
    co_return owned;
}

TEST(Task, MovesResultsThatCannotBeCopied) {
    EXPECT_EQ(*run(pass_owned()), 6);
}

// g++ 12 is known to mishandle temporaries in await expressions; these are the forms that we use.
Task<std::string> await_with_temporaries(std::string text) {
    const std::string first = co_await echo(text + ", long enough to be on the heap");
    const std::string second = co_await echo(std::move(text));
    std::vector<std::string> parts;
    parts.push_back(co_await echo(std::string(40, 'x')));
    if ((co_await echo("condition")).empty()) parts.clear();
    for (const std::string& part : parts) co_await echo(part);
    co_return first + second + parts.front() + (co_await echo("tail"));
}

TEST(Task, KeepsTemporariesOfAwaitExpressions) {
    EXPECT_EQ(run(await_with_temporaries("text")),
              "text, long enough to be on the heaptext" + std::string(40, 'x') + "tail");
}

Task<void> hold(Tracked) {
    co_return;
}
Task<void> hold_three_times(Tracked tracked) {
    co_await hold(tracked);
    co_await hold(Tracked(tracked));
    co_await hold(std::move(tracked));
}

TEST(Task, DestroysItsArgumentsOnce) {
    int alive = 0;
    run(hold_three_times(Tracked(alive)));
    EXPECT_EQ(alive, 0);
}

TEST(Task, DestroysTheArgumentsOfATaskThatNeverStarted) {
    int alive = 0;
    {
        const auto task = hold(Tracked(alive));
        EXPECT_EQ(alive, 1);
    }
    EXPECT_EQ(alive, 0);
}

Task<std::string> catch_below() {
    try {
        co_await fail("below");
    } catch (const std::runtime_error& error) {
        co_return error.what();
    }
    co_return "nothing was thrown";
}

TEST(Task, HandsExceptionsUp) {
    EXPECT_THROW(run(fail("top")), std::runtime_error);
    EXPECT_EQ(run(catch_below()), "below");
}

Task<int> pass_through(int depth, Tracked tracked) {
    if (depth == 0) co_return co_await fail("deep");
    co_return co_await pass_through(depth - 1, tracked);
}

TEST(Task, UnwindsNestedTasks) {
    int alive = 0;
    EXPECT_THROW(run(pass_through(100, Tracked(alive))), std::runtime_error);
    EXPECT_EQ(alive, 0);
}

TEST(Task, LeavesNoExceptionBehind) {
    EXPECT_EQ(run(catch_below()), "below");
    EXPECT_EQ(std::current_exception(), nullptr);
}

Task<int> wait_at(Gate& gate, Tracked) {
    co_await gate;
    co_return 1;
}

Task<int> wait_twice(Gate& gate, Tracked tracked) {
    const int first = co_await wait_at(gate, tracked);
    co_return first + co_await wait_at(gate, tracked);
}

TEST(Task, ContinuesWhereItWasSuspended) {
    int alive = 0;
    Gate gate;
    auto task = wait_twice(gate, Tracked(alive));
    task.start();
    ASSERT_TRUE(gate.is_waited_for());
    gate.resume();
    ASSERT_FALSE(task.done());
    gate.resume();
    ASSERT_TRUE(task.done());
    EXPECT_EQ(task.take(), 2);
}

TEST(Task, UnwindsWhatIsSuspended) {
    int alive = 0;
    Gate gate;
    {
        auto task = wait_twice(gate, Tracked(alive));
        task.start();
        EXPECT_GE(alive, 2);
    }
    EXPECT_EQ(alive, 0);
}

/// Does something between the start of a task and its end.
Task<int> work_beside(Task<int> task, int& done_beside) {
    task.start();
    ++done_beside;
    co_return co_await std::move(task).join();
}

TEST(Task, IsJoinedAfterItWasStarted) {
    int alive = 0;
    int done_beside = 0;
    Gate gate;
    EXPECT_EQ(run(work_beside(give(3), done_beside)), 3);
    auto task = work_beside(wait_twice(gate, Tracked(alive)), done_beside);
    task.start();
    EXPECT_EQ(done_beside, 2);
    gate.resume();
    ASSERT_FALSE(task.done());
    gate.resume();
    ASSERT_TRUE(task.done());
    EXPECT_EQ(task.take(), 2);
}

TEST(Task, HandsItsExceptionToWhoJoinsIt) {
    int alive = 0;
    int done_beside = 0;
    EXPECT_THROW(run(work_beside(fail("early"), done_beside)), std::runtime_error);
    Gate gate;
    {
        auto task = work_beside(wait_twice(gate, Tracked(alive)), done_beside);
        task.start();
    }
    EXPECT_EQ(alive, 0);
    EXPECT_EQ(done_beside, 2);
}

Task<void> fail_behind(Gate& gate) {
    co_await gate;
    throw std::runtime_error("late");
}

Task<std::string> catch_late(Gate& gate) {
    try {
        co_await fail_behind(gate);
    } catch (const std::runtime_error& error) {
        co_return error.what();
    }
    co_return "nothing was thrown";
}

TEST(Task, HandsUpWhatIsThrownAfterASuspension) {
    Gate gate;
    auto task = catch_late(gate);
    task.start();
    gate.resume();
    ASSERT_TRUE(task.done());
    EXPECT_EQ(task.take(), "late");
}

TEST(Task, MovesWhileSuspended) {
    int alive = 0;
    Gate gate;
    auto task = wait_at(gate, Tracked(alive));
    task.start();
    auto moved = std::move(task);
    gate.resume();
    EXPECT_TRUE(moved.done());
    EXPECT_EQ(moved.take(), 1);
}

/// Where the stack is. The address of a variable would not say it: AddressSanitizer has variables
/// on a stack of its own.
[[gnu::always_inline]] inline std::uintptr_t stack_now() {
    return reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0));
}

Task<std::uintptr_t> measure() {
    co_return stack_now();
}

Task<std::uintptr_t> deepest_of(int awaits) {
    std::uintptr_t deepest = stack_now();
    for (int i = 0; i < awaits; ++i) deepest = std::min(deepest, co_await measure());
    co_return deepest;
}

TEST(Task, NeedsNoMoreStackForMoreAwaits) {
    const std::uintptr_t once = run(deepest_of(1));
    EXPECT_LT(once, stack_now()) << "the stack is expected to grow downwards";
    EXPECT_EQ(run(deepest_of(100'000)), once);
}

Task<std::uintptr_t> measure_behind(Gate& gate) {
    co_await gate;
    co_return stack_now();
}

Task<std::uintptr_t> deepest_behind(Gate& gate, int suspensions) {
    std::uintptr_t deepest = stack_now();
    for (int i = 0; i < suspensions; ++i) {
        deepest = std::min(deepest, co_await measure_behind(gate));
        deepest = std::min(deepest, co_await deepest_of(2));
    }
    co_return deepest;
}

std::uintptr_t drive(Gate& gate, Task<std::uintptr_t> task) {
    task.start();
    while (!task.done()) gate.resume();
    return task.take();
}

TEST(Task, NeedsNoMoreStackForMoreSuspensions) {
    Gate gate;
    const std::uintptr_t few = drive(gate, deepest_behind(gate, 2));
    EXPECT_EQ(drive(gate, deepest_behind(gate, 100'000)), few);
}

}  // namespace
}  // namespace mad

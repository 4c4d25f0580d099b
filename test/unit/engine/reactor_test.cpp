// The reactor resumes what is due and nothing else, whatever the resumed ones do to the others.
#include "engine/reactor.hpp"

#include <unistd.h>

#include <array>
#include <memory>
#include <stdexcept>
#include <string>

#include <gtest/gtest.h>

#include "core/failure.hpp"
#include "support/core/failure_of.hpp"
#include "support/engine/fake_host.hpp"
#include "support/engine/poll_host.hpp"

namespace mad {
namespace {

using namespace std::chrono_literals;
using test::PollHost;

class Pipe {
 public:
    Pipe() {
        if (pipe(ends_.data()) != 0) throw std::runtime_error("pipe");
    }
    Pipe(const Pipe&) = delete;
    Pipe& operator=(const Pipe&) = delete;
    ~Pipe() {
        close(ends_[0]);
        close(ends_[1]);
    }
    int reader() const noexcept { return ends_[0]; }
    int writer() const noexcept { return ends_[1]; }
    void put() const { EXPECT_EQ(write(ends_[1], "x", 1), 1); }

 private:
    std::array<int, 2> ends_{};
};

class ReactorTest : public testing::Test {
 protected:
    /// Hands out the tasks one after the other.
    void complete_all(std::vector<Task<void>> tasks, std::size_t jobs) {
        auto next_task = tasks.begin();
        reactor_.complete_all(
            [&]() -> std::optional<Task<void>> {
                if (next_task == tasks.end()) return std::nullopt;
                return std::move(*next_task++);
            },
            jobs);
    }

    PollHost host_;
    Reactor reactor_{host_};
    std::string log_;
};

Task<Events> await_socket(Reactor& reactor, int socket, Events events, Deadline deadline = {}) {
    Reactor::Wait wait = reactor.ready(socket, events, deadline);
    co_return co_await wait;
}

Task<void> note_when_readable(Reactor& reactor, const Pipe& pipe, std::string& log, char name) {
    co_await await_socket(reactor, pipe.reader(), Events::readable);
    log += name;
}

Task<void> note_at(Reactor& reactor, TimePoint when, std::string& log, char name) {
    Reactor::Wait wait = reactor.sleep_until(when);
    co_await wait;
    log += name;
}

TEST_F(ReactorTest, ReportsWhatIsReady) {
    const Pipe pipe;
    pipe.put();
    EXPECT_EQ(reactor_.complete(await_socket(reactor_, pipe.reader(), Events::readable)),
              Events::readable);
    EXPECT_EQ(reactor_.complete(await_socket(reactor_, pipe.writer(), Events::writable)),
              Events::writable);
}

TEST_F(ReactorTest, ReportsNothingAtTheDeadline) {
    const Pipe pipe;
    const TimePoint deadline = host_.now() + 5ms;
    EXPECT_EQ(reactor_.complete(await_socket(reactor_, pipe.reader(), Events::readable, deadline)),
              Events::none);
    EXPECT_GE(host_.now(), deadline);
}

TEST_F(ReactorTest, NeverWaitsForATaskThatEndsAtOnce) {
    EXPECT_EQ(reactor_.complete([]() -> Task<int> { co_return 3; }()), 3);
    EXPECT_EQ(host_.waits, 0);
}

// Of a real clock's times all may have come by the time that anybody looks.
TEST(ReactorAtItsOwnPace, ResumesInTheOrderOfTime) {
    test::FakeHost host;
    Reactor reactor(host);
    std::string log;
    const TimePoint now = host.now();
    std::vector<Task<void>> tasks;
    tasks.push_back(note_at(reactor, now + 9ms, log, 'c'));
    tasks.push_back(note_at(reactor, now + 3ms, log, 'a'));
    tasks.push_back(note_at(reactor, now + 6ms, log, 'b'));
    std::size_t next = 0;
    reactor.complete_all(
        [&]() -> std::optional<Task<void>> {
            if (next == tasks.size()) return std::nullopt;
            return std::move(tasks[next++]);
        },
        3);
    EXPECT_EQ(log, "abc");
    EXPECT_EQ(host.waits, 3U);
}

TEST_F(ReactorTest, ResumesOnlyWhatIsReady) {
    const Pipe silent;
    const Pipe ready;
    ready.put();
    host_.before_wait = [&, waits = 0]() mutable {
        if (++waits == 2) {
            EXPECT_EQ(log_, "b");
            silent.put();
        }
    };
    std::vector<Task<void>> tasks;
    tasks.push_back(note_when_readable(reactor_, silent, log_, 'a'));
    tasks.push_back(note_when_readable(reactor_, ready, log_, 'b'));
    complete_all(std::move(tasks), 2);
    EXPECT_EQ(log_, "ba");
}

TEST_F(ReactorTest, ResumesAllThatIsReadyAfterOneWait) {
    const Pipe pipe;
    pipe.put();
    std::vector<Task<void>> tasks;
    for (const char name : {'a', 'b', 'c'}) {
        tasks.push_back(note_when_readable(reactor_, pipe, log_, name));
    }
    complete_all(std::move(tasks), 3);
    EXPECT_EQ(log_, "abc");
    EXPECT_EQ(host_.waits, 1);
}

TEST_F(ReactorTest, ToleratesThatTheResumedDestroysAnother) {
    const Pipe pipe;
    pipe.put();
    std::optional<Task<void>> victim = note_when_readable(reactor_, pipe, log_, 'v');
    const auto destroy = [](Reactor& reactor, const Pipe& at,
                            std::optional<Task<void>>& other) -> Task<void> {
        co_await await_socket(reactor, at.reader(), Events::readable);
        other.reset();
    };
    Task<void> destroyer = destroy(reactor_, pipe, victim);
    destroyer.start();  // resumed first, while the other is due already
    victim->start();
    reactor_.complete([](Reactor& reactor) -> Task<void> {
        Reactor::Wait wait = reactor.sleep_until(reactor.host().now());
        co_await wait;
    }(reactor_));
    EXPECT_FALSE(victim);
    EXPECT_EQ(log_, "");
}

TEST_F(ReactorTest, ToleratesThatTheResumedStartsOthers) {
    const Pipe pipe;
    pipe.put();
    std::vector<Task<void>> started;
    const auto start_more = [](Reactor& reactor, const Pipe& at, std::vector<Task<void>>& others,
                               std::string& log) -> Task<void> {
        co_await await_socket(reactor, at.reader(), Events::readable);
        for (int i = 0; i < 100; ++i) {
            others.push_back(note_when_readable(reactor, at, log, 'x'));
            others.back().start();
        }
        co_await await_socket(reactor, at.reader(), Events::readable);
    };
    reactor_.complete(start_more(reactor_, pipe, started, log_));
    EXPECT_EQ(log_, std::string(100, 'x'));
}

TEST_F(ReactorTest, DrivesATaskFromWithinAnother) {
    const Pipe pipe;
    pipe.put();
    const auto nest = [](Reactor& reactor, const Pipe& at, std::string& log) -> Task<void> {
        co_await await_socket(reactor, at.reader(), Events::readable);
        reactor.complete(note_when_readable(reactor, at, log, 'n'));
    };
    std::vector<Task<void>> tasks;
    tasks.push_back(nest(reactor_, pipe, log_));
    tasks.push_back(note_when_readable(reactor_, pipe, log_, 'a'));
    tasks.push_back(nest(reactor_, pipe, log_));
    complete_all(std::move(tasks), 3);
    std::ranges::sort(log_);
    EXPECT_EQ(log_, "ann");
}

TEST_F(ReactorTest, RefusesToWaitForNothing) {
    const auto hang = []() -> Task<void> { co_await std::suspend_always(); };
    const Report report = test::failure_of([&] { reactor_.complete(hang()); });
    EXPECT_EQ(report.sqlstate, sqlstate(Code::internal));
}

struct Cancelled {};

TEST_F(ReactorTest, UnwindsEveryTaskWhenTheWaitThrows) {
    const Pipe pipe;
    const auto alive = std::make_shared<int>();
    const auto hold = [](Reactor& reactor, const Pipe& at, std::shared_ptr<int>) -> Task<void> {
        co_await await_socket(reactor, at.reader(), Events::readable);
    };
    host_.before_wait = [&] {
        EXPECT_GT(alive.use_count(), 5);
        throw Cancelled{};
    };
    const auto next = [&]() -> std::optional<Task<void>> { return hold(reactor_, pipe, alive); };
    EXPECT_THROW(reactor_.complete_all(next, 5), Cancelled);
    EXPECT_EQ(alive.use_count(), 1);

    host_.before_wait = nullptr;
    pipe.put();
    reactor_.complete(note_when_readable(reactor_, pipe, log_, 'a'));
    EXPECT_EQ(log_, "a") << "the reactor is of use again";
}

TEST_F(ReactorTest, EndsTheWholeWhenATaskThrows) {
    const Pipe pipe;
    const auto alive = std::make_shared<int>();
    const auto hold = [](Reactor& reactor, const Pipe& at, std::shared_ptr<int>) -> Task<void> {
        co_await await_socket(reactor, at.reader(), Events::readable);
    };
    const auto fail = [](Reactor& reactor) -> Task<void> {
        Reactor::Wait wait = reactor.sleep_until(reactor.host().now());
        co_await wait;
        throw std::runtime_error("one of them");
    };
    std::vector<Task<void>> tasks;
    tasks.push_back(hold(reactor_, pipe, alive));
    tasks.push_back(fail(reactor_));
    EXPECT_THROW(complete_all(std::move(tasks), 2), std::runtime_error);
    EXPECT_EQ(alive.use_count(), 1);
}

/// How many tasks run at a time.
struct Load {
    int now = 0;
    int most = 0;
    int ended = 0;
};

Task<void> work(Reactor& reactor, Load& load, int naps) {
    load.most = std::max(load.most, ++load.now);
    for (int i = 0; i < naps; ++i) {
        Reactor::Wait wait = reactor.sleep_until(reactor.host().now());
        co_await wait;
    }
    --load.now;
    ++load.ended;
}

TEST_F(ReactorTest, KeepsEverySlotFilled) {
    Load load;
    int handed_out = 0;
    reactor_.complete_all(
        [&]() -> std::optional<Task<void>> {
            EXPECT_LT(load.now, 7);
            if (handed_out == 1000) return std::nullopt;
            EXPECT_EQ(load.now, handed_out - load.ended);
            return work(reactor_, load, ++handed_out % 5);
        },
        7);
    EXPECT_EQ(load.ended, 1000);
    EXPECT_EQ(load.most, 7);
}

TEST_F(ReactorTest, RunsNothingWhereThereIsNothing) {
    reactor_.complete_all([]() -> std::optional<Task<void>> { return std::nullopt; }, 3);
    EXPECT_EQ(host_.waits, 0);
}

TEST_F(ReactorTest, TakesNoJobsForOne) {
    Load load;
    std::vector<Task<void>> tasks;
    for (int i = 0; i < 3; ++i) tasks.push_back(work(reactor_, load, 1));
    complete_all(std::move(tasks), 0);
    EXPECT_EQ(load.most, 1);
    EXPECT_EQ(load.ended, 3);
}

}  // namespace
}  // namespace mad

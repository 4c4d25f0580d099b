// A signal wakes the one that waits for it, whoever of the two comes first or goes.
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "engine/reactor.hpp"
#include "support/engine/fake_host.hpp"

namespace mad {
namespace {

using namespace std::chrono_literals;

/// What waits for a signal, time after time.
Task<void> note_when_raised(Reactor::Signal& signal, Deadline deadline, std::string& log) {
    co_await signal.wait(deadline);
    log += '!';
}

Task<void> raise_after(Reactor& reactor, Reactor::Signal& signal, std::chrono::milliseconds pause,
                       std::string& log) {
    Reactor::Wait wait = reactor.sleep_until(reactor.host().now() + pause);
    co_await wait;
    log += 'r';
    signal.raise();
}

class SignalTest : public testing::Test {
 protected:
    /// Both at once.
    void complete(Task<void> one, Task<void> other) {
        std::vector<Task<void>> tasks;
        tasks.push_back(std::move(one));
        tasks.push_back(std::move(other));
        auto next = tasks.begin();
        reactor_.complete_all(
            [&]() -> std::optional<Task<void>> {
                if (next == tasks.end()) return std::nullopt;
                return std::move(*next++);
            },
            2);
    }

    test::FakeHost host_;
    Reactor reactor_{host_};
    Reactor::Signal signal_{reactor_};
    std::string log_;
};

TEST_F(SignalTest, IsNotWaitedForWhenItWasRaisedBefore) {
    signal_.raise();
    signal_.raise();
    reactor_.complete(note_when_raised(signal_, {}, log_));
    EXPECT_EQ(log_, "!");
    EXPECT_EQ(host_.waits, 0U);
}

TEST_F(SignalTest, IsRaisedForOneWaitOnly) {
    signal_.raise();
    reactor_.complete(note_when_raised(signal_, {}, log_));
    reactor_.complete(note_when_raised(signal_, host_.now() + 20ms, log_));
    EXPECT_EQ(host_.waited, std::vector<std::chrono::milliseconds>{20ms});
}

TEST_F(SignalTest, WakesWhatWaits) {
    const TimePoint start = host_.now();
    complete(note_when_raised(signal_, start + 1000ms, log_),
             raise_after(reactor_, signal_, 10ms, log_));
    EXPECT_EQ(log_, "r!");
    EXPECT_EQ(host_.now() - start, 10ms);
    // That was used up.
    reactor_.complete(note_when_raised(signal_, host_.now() + 5ms, log_));
    EXPECT_EQ(host_.now() - start, 15ms);
}

TEST_F(SignalTest, IsWaitedForWithoutADeadline) {
    complete(note_when_raised(signal_, {}, log_), raise_after(reactor_, signal_, 10ms, log_));
    EXPECT_EQ(log_, "r!");
}

TEST_F(SignalTest, IsNotWaitedForBeyondTheDeadline) {
    complete(note_when_raised(signal_, host_.now() + 5ms, log_),
             raise_after(reactor_, signal_, 10ms, log_));
    EXPECT_EQ(log_, "!r");
    // Raised meanwhile with nobody waiting, it counts for the next.
    reactor_.complete(note_when_raised(signal_, {}, log_));
    EXPECT_EQ(log_, "!r!");
}

TEST_F(SignalTest, MayBeRaisedAfterWhatWaitedIsGone) {
    {
        Task<void> waiting = note_when_raised(signal_, {}, log_);
        waiting.start();
    }
    signal_.raise();
    EXPECT_EQ(log_, "");
    reactor_.complete(note_when_raised(signal_, {}, log_));
    EXPECT_EQ(log_, "!");
}

TEST_F(SignalTest, MayBeRaisedBeforeWhatItWokeIsResumedAndGone) {
    {
        Task<void> waiting = note_when_raised(signal_, {}, log_);
        waiting.start();
        signal_.raise();
    }
    signal_.raise();
    EXPECT_EQ(log_, "");
}

}  // namespace
}  // namespace mad

// One wait over all that is suspended, then a resumption of each that has become due.
#include "engine/reactor.hpp"

#include <algorithm>
#include <utility>

#include "core/failure.hpp"

namespace mad {
namespace {

Deadline earlier(Deadline a, Deadline b) noexcept {
    if (!a || !b) return a ? a : b;
    return std::min(*a, *b);
}

}  // namespace

Reactor::Wait::~Wait() {
    reactor_.leave(*this);
}

void Reactor::Wait::await_suspend(std::coroutine_handle<> waiter) {
    waiter_ = waiter;
    ready_ = Events::none;
    reactor_.waits_.push_back(this);
}

Task<void> Reactor::Signal::wait(Deadline deadline) {
    if (!raised_) {
        Wait until(reactor_, std::nullopt, deadline);
        waiter_ = &until;
        co_await until;
        waiter_ = nullptr;
    }
    raised_ = false;
}

void Reactor::Signal::raise() {
    raised_ = true;
    if (waiter_ != nullptr) reactor_.wake(*std::exchange(waiter_, nullptr));
}

void Reactor::wake(Wait& wait) {
    if (std::erase(waits_, &wait) > 0) due_.push_back(&wait);
}

void Reactor::leave(Wait& wait) noexcept {
    std::erase(waits_, &wait);
    std::erase(due_, &wait);
}

void Reactor::wait_for_due() {
    if (waits_.empty()) {
        throw Failure(Code::internal, "a suspended task waits for nothing",
                      "It can never be resumed.");
    }
    std::vector<Interest> interests;
    Deadline nearest;
    for (const Wait* wait : waits_) {
        if (wait->interest_) interests.push_back(*wait->interest_);
        nearest = earlier(nearest, wait->deadline_);
    }

    const Readiness readiness = host_.wait(interests, nearest);
    const TimePoint now = host_.now();
    auto ready = readiness.begin();
    std::vector<Wait*> waiting;
    for (Wait* wait : waits_) {
        if (wait->interest_) wait->ready_ = *ready++;
        const bool due =
            wait->ready_ != Events::none || (wait->deadline_ && *wait->deadline_ <= now);
        if (due) {
            due_.push_back(wait);
        } else {
            waiting.push_back(wait);
        }
    }
    waits_ = std::move(waiting);
}

void Reactor::turn() {
    // Some are left over where a resumed coroutine drives tasks of its own.
    if (due_.empty()) wait_for_due();
    while (!due_.empty()) {
        const std::coroutine_handle<> waiter = due_.front()->waiter_;
        due_.pop_front();
        waiter.resume();
    }
}

void Reactor::complete_all(const std::function<std::optional<Task<void>>()>& next,
                           std::size_t jobs) {
    std::vector<Task<void>> running;
    const auto is_done = [](const Task<void>& task) { return task.done(); };
    bool has_more = true;
    while (has_more || !running.empty()) {
        while (has_more && running.size() < std::max<std::size_t>(jobs, 1)) {
            std::optional<Task<void>> task = next();
            has_more = task.has_value();
            if (!task) break;
            running.push_back(*std::move(task));
            running.back().start();
        }
        if (std::ranges::none_of(running, is_done) && !running.empty()) turn();
        for (Task<void>& task : running) {
            if (task.done()) task.take();
        }
        std::erase_if(running, is_done);
    }
}

}  // namespace mad

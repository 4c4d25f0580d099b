// Reactor: resumes suspended coroutines when the socket or the time they wait for has come.
#pragma once

#include <coroutine>
#include <cstddef>
#include <deque>
#include <functional>
#include <optional>
#include <vector>

#include "engine/host.hpp"
#include "engine/task.hpp"

namespace mad {

class Reactor {
 public:
    explicit Reactor(Host& host) : host_(host) {}
    Reactor(const Reactor&) = delete;
    Reactor& operator=(const Reactor&) = delete;

    Host& host() noexcept { return host_; }

    /// One suspended coroutine; lives in its frame and leaves the reactor with it.
    class Wait {
     public:
        Wait(Reactor& reactor, std::optional<Interest> interest, Deadline deadline)
            : reactor_(reactor), interest_(interest), deadline_(deadline) {}
        Wait(const Wait&) = delete;
        Wait& operator=(const Wait&) = delete;
        ~Wait();

        bool await_ready() const noexcept { return false; }
        void await_suspend(std::coroutine_handle<> waiter);
        /// What is ready; none when the deadline passed.
        Events await_resume() const noexcept { return ready_; }

     private:
        friend class Reactor;
        Reactor& reactor_;
        std::optional<Interest> interest_;
        Deadline deadline_;
        std::coroutine_handle<> waiter_;
        Events ready_ = Events::none;
    };

    /// What one coroutine waits for until another raises it.
    class Signal {
     public:
        explicit Signal(Reactor& reactor) : reactor_(reactor) {}
        Signal(const Signal&) = delete;
        Signal& operator=(const Signal&) = delete;

        /// Until it is raised, or was since the last time, or until the deadline.
        Task<void> wait(Deadline deadline);
        void raise();

     private:
        Reactor& reactor_;
        Wait* waiter_ = nullptr;
        bool raised_ = false;
    };

    Wait ready(int socket, Events events, Deadline deadline = {}) {
        return Wait(*this, Interest{socket, events}, deadline);
    }
    Wait sleep_until(TimePoint when) { return Wait(*this, std::nullopt, when); }

    /// Drives one task to its end and gives its result.
    template <typename T>
    T complete(Task<T> task) {
        task.start();
        while (!task.done()) turn();
        return task.take();
    }

    /// Drives the tasks that `next` hands out, at most `jobs` at a time, until it has no more. A
    /// task that throws ends the whole: whoever wants failures contained catches them inside the
    /// task.
    void complete_all(const std::function<std::optional<Task<void>>()>& next, std::size_t jobs);

 private:
    void wake(Wait& wait);  // although what it waits for has not come
    void turn();            // waits once, resumes whatever is due
    void wait_for_due();    // moves waits to due_
    void leave(Wait& wait) noexcept;

    Host& host_;
    std::vector<Wait*> waits_;
    // What a resumed coroutine destroys leaves it, so that it needs no second look.
    std::deque<Wait*> due_;
};

}  // namespace mad

// Task<T>: a coroutine that starts when awaited and hands its result, or its exception, to whoever
// awaits it.
#pragma once

#include <coroutine>
#include <exception>
#include <optional>
#include <utility>

namespace mad {

template <typename T>
class [[nodiscard]] Task;

namespace detail {

class PromiseBase {
 public:
    struct FinalAwaiter {
        bool await_ready() const noexcept { return false; }
        template <typename Promise>
        std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> done) const noexcept {
            return done.promise().continuation_;
        }
        void await_resume() const noexcept {}
    };

    std::suspend_always initial_suspend() const noexcept { return {}; }
    FinalAwaiter final_suspend() const noexcept { return {}; }
    void unhandled_exception() noexcept { failure_ = std::current_exception(); }
    void continue_with(std::coroutine_handle<> continuation) noexcept {
        continuation_ = continuation;
    }

 protected:
    void rethrow_failure() {
        if (failure_) std::rethrow_exception(std::exchange(failure_, nullptr));
    }

 private:
    std::coroutine_handle<> continuation_ = std::noop_coroutine();
    std::exception_ptr failure_;
};

template <typename T>
class Promise final : public PromiseBase {
 public:
    Task<T> get_return_object() noexcept;
    template <typename Value>
    void return_value(Value&& value) {
        value_.emplace(std::forward<Value>(value));
    }
    T take() {
        rethrow_failure();
        return std::move(*value_);
    }

 private:
    std::optional<T> value_;
};

template <>
class Promise<void> final : public PromiseBase {
 public:
    Task<void> get_return_object() noexcept;
    void return_void() const noexcept {}
    void take() { rethrow_failure(); }
};

}  // namespace detail

/// Owns its coroutine: destroying a suspended Task unwinds the frames below it.
template <typename T>
class [[nodiscard]] Task {
 public:
    using promise_type = detail::Promise<T>;

    explicit Task(std::coroutine_handle<promise_type> coroutine) noexcept : coroutine_(coroutine) {}
    Task(Task&& other) noexcept : coroutine_(std::exchange(other.coroutine_, nullptr)) {}
    Task& operator=(Task&& other) noexcept {
        std::swap(coroutine_, other.coroutine_);
        return *this;
    }
    ~Task() {
        if (coroutine_) coroutine_.destroy();
    }

    bool done() const noexcept { return coroutine_.done(); }
    /// For whoever drives the outermost task, or joins it later: run it up to its first suspension.
    void start() { coroutine_.resume(); }
    /// The result of a task that is done.
    T take() { return coroutine_.promise().take(); }

    auto operator co_await() && noexcept {
        struct Awaiter {
            std::coroutine_handle<promise_type> coroutine;
            bool await_ready() const noexcept { return false; }
            // A transfer to the task would be a tail call only in an optimised build; a task that
            // ends at once must not cost stack in any.
            bool await_suspend(std::coroutine_handle<> awaiting) noexcept {
                coroutine.resume();
                if (coroutine.done()) return false;
                coroutine.promise().continue_with(awaiting);
                return true;
            }
            T await_resume() { return coroutine.promise().take(); }
        };
        return Awaiter{coroutine_};
    }

    /// Awaits one that was started before: what its starter did meanwhile was done beside it.
    auto join() && noexcept {
        struct Awaiter {
            std::coroutine_handle<promise_type> coroutine;
            bool await_ready() const noexcept { return coroutine.done(); }
            void await_suspend(std::coroutine_handle<> awaiting) noexcept {
                coroutine.promise().continue_with(awaiting);
            }
            T await_resume() { return coroutine.promise().take(); }
        };
        return Awaiter{coroutine_};
    }

 private:
    std::coroutine_handle<promise_type> coroutine_;
};

namespace detail {

template <typename T>
Task<T> Promise<T>::get_return_object() noexcept {
    return Task<T>{std::coroutine_handle<Promise>::from_promise(*this)};
}

inline Task<void> Promise<void>::get_return_object() noexcept {
    return Task<void>{std::coroutine_handle<Promise>::from_promise(*this)};
}

}  // namespace detail

}  // namespace mad

// The border between C++ and the server: five primitives, and no other way across.
//
//   pg::Error         a server ERROR as a C++ exception, whole
//   pg::call          C++ -> server; the only sigsetjmp
//   MAD_SQL_FUNCTION, pg::enter, pg::contain
//                     server -> C++; nothing thrown passes a C frame
//   pg::attempt       swallow an ERROR: a subtransaction, rolled back
//   pg::ServerHost    (server/host.hpp) the only place where a backend sleeps
#pragma once

#include "server/prelude.hpp"

#include "core/failure.hpp"

namespace mad::pg {

/// A server ERROR. Owns its ErrorData in a memory context of its own that no abort resets; copies
/// share it.
class Error final : public std::exception {
 public:
    Error(const Error& other) noexcept;
    Error& operator=(const Error&) = delete;
    ~Error() override;

    const ErrorData& report() const noexcept { return *shared_->report; }
    bool is(int sqlstate) const noexcept { return shared_->report->sqlerrcode == sqlstate; }
    const char* what() const noexcept override { return shared_->report->message; }

    /// The report, given to the current memory context, which frees it in its time. Cannot fail.
    ErrorData* hand_over() const noexcept;

    /// Takes the error that a longjmp has just brought here off the server's stack, and throws it.
    [[noreturn]] static void throw_current(MemoryContext caller_context);

 private:
    struct Shared {
        MemoryContext context;
        ErrorData* report;
        int owners;
    };
    explicit Error(Shared* shared) noexcept : shared_(shared) {}

    Shared* shared_;
};

namespace detail {

/// Runs the body with the server's error stack pointing here; an ERROR comes out as pg::Error.
void guarded(void (*body)(void*), void* closure);

/// What is left of an exception once every C++ object has died: plain data in the current memory
/// context.
struct Remains {
    ErrorData* server_error = nullptr;
    int sqlstate = 0;
    const char* message = nullptr;
    const char* detail = nullptr;
    const char* hint = nullptr;
    const char* context = nullptr;
};

/// Of the exception being handled. Neither throws nor raises: it runs inside a handler.
Remains remains_of_current_exception() noexcept;
[[noreturn]] void raise(const Remains& remains);
void log_remains(const Remains& remains) noexcept;

class Subtransaction {
 public:
    Subtransaction();
    Subtransaction(const Subtransaction&) = delete;
    Subtransaction& operator=(const Subtransaction&) = delete;
    ~Subtransaction();

    void commit();
    void roll_back();

 private:
    MemoryContext context_;
    ResourceOwner owner_;
    bool open_ = true;
};

}  // namespace detail

/// C++ -> server. The body makes C calls on plain data, captured by reference: a longjmp out of it
/// must find nothing to destroy.
template <typename Body>
auto call(Body&& body) -> std::invoke_result_t<Body&> {
    using Closure = std::remove_reference_t<Body>;
    using Result = std::invoke_result_t<Body&>;
    static_assert(std::is_trivially_destructible_v<Closure>, "capture by reference");
    if constexpr (std::is_void_v<Result>) {
        detail::guarded([](void* closure) { (*static_cast<Closure*>(closure))(); }, &body);
    } else {
        static_assert(std::is_trivially_copyable_v<Result>, "return plain data");
        struct Frame {
            Closure* body;
            Result result;
        } frame{&body, {}};
        detail::guarded(
            [](void* closure) {
                auto* const inner = static_cast<Frame*>(closure);
                inner->result = (*inner->body)();
            },
            &frame);
        return frame.result;
    }
}

/// Server -> C++. Whatever is thrown becomes an ERROR, raised when every C++ object below is gone.
template <typename Body>
auto enter(Body&& body) -> std::invoke_result_t<Body&> {
    detail::Remains remains;
    try {
        return body();
    } catch (...) {
        remains = detail::remains_of_current_exception();
    }
    detail::raise(remains);
}

/// Server -> C++ where raising is forbidden: whatever is thrown is logged, and life goes on.
template <typename Body>
void contain(Body&& body) noexcept {
    detail::Remains remains;
    try {
        body();
        return;
    } catch (...) {
        remains = detail::remains_of_current_exception();
    }
    detail::log_remains(remains);
}

/// Runs the body in a subtransaction; a server ERROR rolls it back and is returned. Other
/// exceptions roll it back and pass.
template <typename Body>
std::optional<Error> attempt(Body&& body) {
    detail::Subtransaction subtransaction;
    std::optional<Error> error;
    try {
        body();
        subtransaction.commit();
    } catch (const Error& caught) {
        error.emplace(caught);
    }
    if (error) subtransaction.roll_back();
    return error;
}

void check_for_interrupts();

}  // namespace mad::pg

/// Defines an SQL-callable function: the record, the C entry point and the guard; the C++ body
/// follows.
#define MAD_SQL_FUNCTION(name)                                                       \
    static Datum name##_body(FunctionCallInfo fcinfo);                               \
    extern "C" {                                                                     \
    PG_FUNCTION_INFO_V1(name);                                                       \
    Datum name(PG_FUNCTION_ARGS) {                                                   \
        return mad::pg::enter([&fcinfo]() -> Datum { return name##_body(fcinfo); }); \
    }                                                                                \
    }                                                                                \
    static Datum name##_body(FunctionCallInfo fcinfo)

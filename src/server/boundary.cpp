// The border's machinery: capture of server errors, and their way back.
#include "server/boundary.hpp"

namespace mad::pg {

namespace {

/// Restores the server's error stack on every way out, a longjmp to this frame included.
class ErrorStackScope {
 public:
    ErrorStackScope() noexcept : handlers_(PG_exception_stack), callbacks_(error_context_stack) {}
    ErrorStackScope(const ErrorStackScope&) = delete;
    ErrorStackScope& operator=(const ErrorStackScope&) = delete;
    ~ErrorStackScope() { restore(); }

    void restore() const noexcept {
        PG_exception_stack = handlers_;
        error_context_stack = callbacks_;
    }

 private:
    sigjmp_buf* handlers_;
    ErrorContextCallback* callbacks_;
};

/// A copy that neither throws nor raises; nullptr for an empty text, and where memory is out.
const char* copy_text(const std::string& text) noexcept {
    if (text.empty()) return nullptr;
    auto* const copy = static_cast<char*>(MemoryContextAllocExtended(
        CurrentMemoryContext, text.size() + 1, MCXT_ALLOC_HUGE | MCXT_ALLOC_NO_OOM));
    if (copy != nullptr) std::memcpy(copy, text.c_str(), text.size() + 1);
    return copy;
}

int packed_sqlstate(std::string_view code) noexcept {
    if (code.size() != 5) return ERRCODE_INTERNAL_ERROR;
    return MAKE_SQLSTATE(code[0], code[1], code[2], code[3], code[4]);
}

detail::Remains remains_of(const Report& report) noexcept {
    detail::Remains remains;
    remains.sqlstate = packed_sqlstate(report.sqlstate);
    remains.message = copy_text(report.message);
    remains.detail = copy_text(report.detail);
    remains.hint = copy_text(report.hint);
    remains.context = copy_text(report.context);
    return remains;
}

}  // namespace

// The copying may fail in its turn (out of memory), hence a second sigsetjmp.
void Error::throw_current(MemoryContext caller_context) {
    ErrorStackScope scope;
    Shared* volatile shared = nullptr;
    MemoryContext volatile context = nullptr;
    sigjmp_buf here;
    if (sigsetjmp(here, 0) == 0) {
        PG_exception_stack = &here;
        context =
            AllocSetContextCreate(TopMemoryContext, "mad_migrate error", ALLOCSET_SMALL_SIZES);
        MemoryContextSwitchTo(context);
        auto* const copy = static_cast<Shared*>(palloc(sizeof(Shared)));
        copy->context = context;
        copy->report = CopyErrorData();
        copy->owners = 1;
        shared = copy;
    }
    scope.restore();
    MemoryContextSwitchTo(caller_context);
    FlushErrorState();
    if (shared == nullptr) {
        if (context != nullptr) MemoryContextDelete(context);
        throw std::bad_alloc();
    }
    throw Error(shared);
}

namespace detail {

void guarded(void (*body)(void*), void* closure) {
    ErrorStackScope scope;
    MemoryContext const context = CurrentMemoryContext;
    sigjmp_buf here;
    if (sigsetjmp(here, 0) == 0) {
        PG_exception_stack = &here;
        body(closure);
        return;
    }
    scope.restore();
    Error::throw_current(context);
}

Remains remains_of_current_exception() noexcept {
    Remains remains;
    try {
        throw;
    } catch (const Error& error) {
        remains.server_error = error.hand_over();
    } catch (const Failure& failure) {
        remains = remains_of(failure.report());
    } catch (const std::bad_alloc&) {
        remains.sqlstate = ERRCODE_OUT_OF_MEMORY;
        remains.message = "out of memory";
    } catch (const std::exception& exception) {
        remains.sqlstate = ERRCODE_INTERNAL_ERROR;
        remains.message = copy_text(exception.what());
    } catch (...) {
        remains.sqlstate = ERRCODE_INTERNAL_ERROR;
        remains.message = "unknown C++ exception";
    }
    return remains;
}

void raise(const Remains& remains) {
    if (remains.server_error != nullptr) ReThrowError(remains.server_error);
    ereport(ERROR,
            (errcode(remains.sqlstate),
             errmsg_internal("%s", remains.message != nullptr ? remains.message : "out of memory"),
             remains.detail != nullptr ? errdetail_internal("%s", remains.detail) : 0,
             remains.hint != nullptr ? errhint("%s", remains.hint) : 0,
             remains.context != nullptr ? errcontext("%s", remains.context) : 0));
    pg_unreachable();
}

void log_remains(const Remains& remains) noexcept {
    const char* const message =
        remains.server_error != nullptr ? remains.server_error->message : remains.message;
    try {
        call([&] {
            ereport(LOG, (errmsg_internal("mad_migrate: %s",
                                          message != nullptr ? message : "out of memory")));
        });
    } catch (...) {
        write_stderr("mad_migrate: could not log an error\n");
    }
}

Subtransaction::Subtransaction() : context_(CurrentMemoryContext), owner_(CurrentResourceOwner) {
    call([] { BeginInternalSubTransaction(nullptr); });
    MemoryContextSwitchTo(context_);
}

// BeginInternalSubTransaction and its two ends leave both set to what suits them.
void Subtransaction::commit() {
    call([] { ReleaseCurrentSubTransaction(); });
    open_ = false;
    MemoryContextSwitchTo(context_);
    CurrentResourceOwner = owner_;
}

void Subtransaction::roll_back() {
    open_ = false;
    call([] { RollbackAndReleaseCurrentSubTransaction(); });
    MemoryContextSwitchTo(context_);
    CurrentResourceOwner = owner_;
}

Subtransaction::~Subtransaction() {
    if (open_) contain([this] { roll_back(); });
}

}  // namespace detail

Error::Error(const Error& other) noexcept : std::exception(other), shared_(other.shared_) {
    if (shared_ != nullptr) ++shared_->owners;
}

Error::~Error() {
    if (shared_ != nullptr && --shared_->owners == 0 && shared_->context != nullptr) {
        MemoryContextDelete(shared_->context);
    }
}

ErrorData* Error::hand_over() const noexcept {
    ++shared_->owners;  // the memory context owns it from now on
    MemoryContextSetParent(shared_->context, CurrentMemoryContext);
    return shared_->report;
}

void check_for_interrupts() {
    call([] { CHECK_FOR_INTERRUPTS(); });
}

}  // namespace mad::pg

// The open sessions of this process, for its end: a process that exits unwinds no C++.
#pragma once

#include <libpq-fe.h>

namespace mad::remote {

/// One connected session; in the list as long as it lives, without memory of its own.
class LiveSession {
 public:
    /// `connection` must outlive it.
    explicit LiveSession(PGconn* connection) noexcept;
    LiveSession(const LiveSession&) = delete;
    LiveSession& operator=(const LiveSession&) = delete;
    /// Cancels the statement that still runs.
    ~LiveSession();

 private:
    friend void cancel_all_live() noexcept;
    void cancel_statement() noexcept;

    PGconn* connection_;
    PGcancel* cancel_;
    LiveSession* previous_ = nullptr;
    LiveSession* next_;
};

/// Cancels what runs in any session.
void cancel_all_live() noexcept;

}  // namespace mad::remote

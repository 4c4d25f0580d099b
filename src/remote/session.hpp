// Session: libpq's non-blocking protocol as coroutines; what it waits for, it awaits.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>

#include <libpq-fe.h>

#include "engine/reactor.hpp"
#include "remote/conninfo.hpp"
#include "remote/live.hpp"
#include "remote/notices.hpp"
#include "remote/result.hpp"

namespace mad::remote {

/// What came of one message of statements.
struct Reply {
    Result last;
    Result before_last;
    std::size_t completed = 0;  // statements
    std::optional<Report> failure;

    void fail(Report report);
};

/// A descriptor of the process's, set aside.
class SocketReservation {
 public:
    explicit SocketReservation(Host& host) : host_(host) { host_.reserve_socket(); }
    SocketReservation(const SocketReservation&) = delete;
    SocketReservation& operator=(const SocketReservation&) = delete;
    ~SocketReservation() { host_.release_socket(); }

 private:
    Host& host_;
};

/// One libpq connection.
class Session {
 public:
    Session(Reactor& reactor, const ConnectionSettings& settings);
    Session(const Session&) = delete;
    Session& operator=(const Session&) = delete;

    /// A wait beyond the deadline is a Failure(connection_failed), until the session is trusted.
    void limit(Deadline deadline) noexcept { deadline_ = deadline; }
    Task<void> open();
    /// From now on its end cancels the statement that still runs. libpq waits for the server to
    /// take a cancel, however long: one that may never answer must not be asked.
    void trust();
    /// Sends statements and takes everything that comes of them.
    Task<Reply> ask(std::string sql);

    PGTransactionStatusType status() const noexcept { return PQtransactionStatus(handle()); }
    int process_id() const noexcept { return PQbackendPID(handle()); }
    const char* user() const noexcept { return PQuser(handle()); }
    const char* database() const noexcept { return PQdb(handle()); }
    const char* parameter(const char* name) const noexcept {
        return PQparameterStatus(handle(), name);
    }

 private:
    struct Finish {
        void operator()(PGconn* connection) const noexcept { PQfinish(connection); }
    };

    PGconn* handle() const noexcept { return connection_.get(); }
    bool is_lost() const noexcept { return PQstatus(handle()) == CONNECTION_BAD; }

    Task<void> flush();
    Task<void> receive(Reply& reply);
    Task<void> await_result();
    Task<void> end_copy_in();
    Task<void> drain_copy_out();
    Task<Events> await_socket(Events events);

    std::string complaint() const;
    Failure cannot_connect(std::string detail) const;
    Report lost() const;

    Reactor& reactor_;
    SocketReservation reservation_;
    Notices notices_;
    std::unique_ptr<PGconn, Finish> connection_;
    std::optional<LiveSession> live_;  // once it is trusted
    Deadline deadline_;
};

}  // namespace mad::remote

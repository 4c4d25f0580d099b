// Sending and receiving without ever blocking: no libpq call here waits for the network.
#include "remote/session.hpp"

#include <new>
#include <utility>
#include <vector>

#include "core/format.hpp"
#include "core/text.hpp"
#include "remote/environment.hpp"

namespace mad::remote {
namespace {

PGconn* start_connection(const ConnectionSettings& settings) {
    const auto parameters = connection_parameters(settings);
    std::vector<const char*> keywords;
    std::vector<const char*> values;
    for (const auto& [keyword, value] : parameters) {
        keywords.push_back(keyword.c_str());
        values.push_back(value.c_str());
    }
    keywords.push_back(nullptr);
    values.push_back(nullptr);

    constexpr int database_is_a_name = 0;  // and never read as a conninfo string
    const HiddenEnvironment hidden;
    PGconn* const connection =
        PQconnectStartParams(keywords.data(), values.data(), database_is_a_name);
    if (connection == nullptr) throw std::bad_alloc();
    return connection;
}

/// libpq reads some variables only when it writes the startup packet.
PostgresPollingStatusType poll(PGconn* connection) {
    const HiddenEnvironment hidden;
    return PQconnectPoll(connection);
}

Report copy_in_refused() {
    return Failure(Code::protocol_violation, "COPY FROM STDIN cannot be run here",
                   "There is no client to send the data.", "Use INSERT, or COPY from a file.")
        .report();
}

Report copy_out_refused() {
    return Failure(Code::protocol_violation, "COPY TO STDOUT cannot be run here",
                   "There is no client to take the data, which were discarded; the statements "
                   "around it were run.",
                   "Remove the statement.")
        .report();
}

}  // namespace

void Reply::fail(Report report) {
    if (failure) return;
    report.completed_statements = completed;
    failure = std::move(report);
}

Session::Session(Reactor& reactor, const ConnectionSettings& settings)
    : reactor_(reactor), reservation_(reactor.host()), connection_(start_connection(settings)) {
    notices_.receive_from(handle());
}

std::string Session::complaint() const {
    return std::string(trim(PQerrorMessage(handle())));
}

Failure Session::cannot_connect(std::string detail) const {
    return Failure(
        Code::connection_failed, mad::format("could not connect to database \"{}\"", database()),
        std::move(detail),
        mad::format(
            "Check that the database exists and that role \"{}\" may connect to "
            "it{}.",
            user(),
            PQconnectionNeedsPassword(handle()) != 0 ? "; the server asks for a password" : ""));
}

Report Session::lost() const {
    return Failure(Code::connection_failed,
                   mad::format("connection to database \"{}\" was lost", database()), complaint(),
                   "Look into that server's log for the reason, and run the call again.")
        .report();
}

Task<Events> Session::await_socket(Events events) {
    Reactor::Wait wait = reactor_.ready(PQsocket(handle()), events, deadline_);
    const Events ready = co_await wait;
    if (ready == Events::none) throw cannot_connect("The server did not answer in time.");
    co_return ready;
}

Task<void> Session::open() {
    PostgresPollingStatusType status = is_lost() ? PGRES_POLLING_FAILED : PGRES_POLLING_WRITING;
    while (status != PGRES_POLLING_OK) {
        if (status == PGRES_POLLING_FAILED) throw cannot_connect(complaint());
        co_await await_socket(status == PGRES_POLLING_READING ? Events::readable
                                                              : Events::writable);
        status = poll(handle());
    }
    PQsetnonblocking(handle(), 1);
}

void Session::trust() {
    deadline_.reset();
    live_.emplace(handle());
}

Task<Reply> Session::ask(std::string sql) {
    Reply reply;
    if (sql.find('\0') != std::string::npos) {
        reply.fail(Failure(Code::invalid_encoding, "statement contains a NUL byte").report());
    } else if (PQsendQuery(handle(), sql.c_str()) == 0) {
        reply.fail(lost());
    } else {
        co_await flush();
        co_await receive(reply);
    }
    notices_.say_all(reactor_.host());
    co_return reply;
}

/// Reads while it writes: the server may be unable to take more before its results are taken.
Task<void> Session::flush() {
    while (PQflush(handle()) > 0) {
        const Events ready = co_await await_socket(Events::readable | Events::writable);
        if (has(ready, Events::readable)) PQconsumeInput(handle());
    }
}

/// Until libpq has a result, or has lost the connection, of which it then has an error.
Task<void> Session::await_result() {
    while (PQisBusy(handle()) != 0 && !is_lost()) {
        notices_.say_all(reactor_.host());
        co_await await_socket(Events::readable);
        PQconsumeInput(handle());
    }
}

Task<void> Session::receive(Reply& reply) {
    for (;;) {
        co_await await_result();
        Result result(PQgetResult(handle()));
        if (!result) co_return;
        switch (PQresultStatus(result.get())) {
            case PGRES_COPY_IN:
                reply.fail(copy_in_refused());
                co_await end_copy_in();
                break;
            case PGRES_COPY_OUT:
                reply.fail(copy_out_refused());
                co_await drain_copy_out();
                break;
            case PGRES_FATAL_ERROR:
            case PGRES_BAD_RESPONSE:
                reply.fail(is_from_server(result.get()) ? report_of(result.get()) : lost());
                break;
            default:
                ++reply.completed;
                reply.before_last = std::exchange(reply.last, std::move(result));
        }
    }
}

Task<void> Session::end_copy_in() {
    constexpr int no_room = 0;
    while (PQputCopyEnd(handle(), "there is no data") == no_room) {
        co_await await_socket(Events::writable);
    }
    co_await flush();
}

Task<void> Session::drain_copy_out() {
    constexpr int only_what_is_there = 1;
    constexpr int nothing_yet = 0;
    for (;;) {
        char* data = nullptr;
        const int length = PQgetCopyData(handle(), &data, only_what_is_there);
        PQfreemem(data);
        if (length < 0) co_return;
        if (length > nothing_yet) continue;
        co_await await_socket(Events::readable);
        PQconsumeInput(handle());
    }
}

}  // namespace mad::remote

// What a session is asked, and what must be true of it before and after.
#include "remote/connection.hpp"

#include <utility>

#include "core/failure.hpp"
#include "core/format.hpp"
#include "core/quote.hpp"
#include "remote/script_message.hpp"

namespace mad::remote {
namespace {

void check_same(std::string_view what, std::string_view wanted, const char* got) {
    if (got != nullptr && wanted == got) return;
    throw Failure(Code::connection_failed,
                  mad::format("session has another {} than asked for", what),
                  mad::format("Asked for \"{}\", got \"{}\".", wanted, got == nullptr ? "" : got),
                  "Check what stands between this server and that one.");
}

Report left_open() {
    return Failure(Code::active_transaction, "statements left a transaction open",
                   "It was rolled back.", "Remove BEGIN from the statements.")
        .report();
}

}  // namespace

Task<Rows> Connection::ask(std::string sql) {
    Reply reply = co_await session_.ask(std::move(sql));
    co_await leave_transaction(reply);
    if (reply.failure) throw Failure(*std::move(reply.failure));
    co_return rows_of(reply.last.get());
}

Task<Rows> Connection::run(std::string sql) {
    if (!has_own_path_) co_await ask(std::string(take_own_path));
    has_own_path_ = true;
    co_return co_await ask(std::move(sql));
}

Task<Rows> Connection::run_alone(std::string statement) {
    has_own_path_ = false;
    co_await ask(std::string(forget_settings));
    co_return co_await ask(std::move(statement));
}

Task<Rows> Connection::transact(std::string script, std::string record) {
    const ScriptMessage message(
        script, record,
        rehearses_ ? ScriptMessage::Transaction::already_open : ScriptMessage::Transaction::own);
    has_own_path_ = false;
    Reply reply = co_await session_.ask(message.text());
    co_await leave_transaction(reply);
    if (reply.failure) throw Failure(message.in_script(*std::move(reply.failure)));
    has_own_path_ = true;
    co_return rows_of(reply.before_last.get());
}

Task<void> Connection::leave_transaction(Reply& reply) {
    const PGTransactionStatusType status = session_.status();
    if (status != PQTRANS_INTRANS && status != PQTRANS_INERROR) co_return;
    if (rehearses_ && !reply.failure) co_return;
    if (!std::exchange(rehearses_, false)) reply.fail(left_open());
    co_await session_.ask("ROLLBACK");
}

Task<void> Connection::begin_rehearsal() {
    rehearses_ = true;
    co_await run("BEGIN TRANSACTION ISOLATION LEVEL READ COMMITTED READ WRITE NOT DEFERRABLE");
}

Task<void> Connection::end_rehearsal() {
    rehearses_ = false;
    co_await session_.ask("ROLLBACK");
}

void Connection::verify_identity(const ConnectionSettings& settings) const {
    check_same("user", settings.user, session_.user());
    check_same("session authorization", settings.user, session_.parameter("session_authorization"));
    check_same("database", settings.database, session_.database());
}

/// Asks the server itself: how it writes the time depends on settings.
Task<void> Connection::verify_instance(std::string expected) {
    const Rows rows = co_await ask(mad::format(
        "{}; SELECT current_user OPERATOR(pg_catalog.=) session_user, "
        "pg_catalog.pg_postmaster_start_time() OPERATOR(pg_catalog.=) {}::pg_catalog.timestamptz",
        take_own_path, quote_literal(expected)));
    has_own_path_ = true;
    if (rows.at(0).at(0) != "t") {
        throw Failure(Code::connection_failed,
                      mad::format("session in database \"{}\" acts as another role than the one "
                                  "that logged in",
                                  session_.database()),
                      {}, "Check what ALTER ROLE or ALTER DATABASE sets for it.");
    }
    if (rows.at(0).at(1) == "t") co_return;
    throw Failure(Code::connection_failed,
                  mad::format("database \"{}\" was found on another server", session_.database()),
                  mad::format("The server asked for was started at {}.", expected),
                  "Check the socket directory and the port, and what listens there.");
}

Task<std::unique_ptr<Connection>> connect(Reactor& reactor, ConnectionSettings settings,
                                          Deadline deadline) {
    std::unique_ptr<Connection> connection(new Connection(reactor, settings));
    connection->session_.limit(deadline);
    co_await connection->session_.open();
    connection->verify_identity(settings);
    if (!settings.expected_instance.empty()) {
        co_await connection->verify_instance(settings.expected_instance);
    }
    connection->session_.trust();
    co_return connection;
}

}  // namespace mad::remote

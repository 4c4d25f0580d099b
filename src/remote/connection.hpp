// Connection: the Executor over libpq.
#pragma once

#include <memory>
#include <string>

#include "engine/executor.hpp"
#include "engine/reactor.hpp"
#include "remote/conninfo.hpp"
#include "remote/session.hpp"

namespace mad::remote {

/// Between two calls its session is in no transaction, unless it rehearses.
class Connection final : public Executor {
 public:
    Task<Rows> run(std::string sql) override;
    /// Gives the rows of the record's last statement.
    Task<Rows> transact(std::string script, std::string record) override;
    bool owns_transactions() const noexcept override { return true; }
    int process_id() const noexcept override { return session_.process_id(); }
    Task<Rows> run_alone(std::string statement) override;
    Task<void> begin_rehearsal() override;
    Task<void> end_rehearsal() override;

 private:
    friend Task<std::unique_ptr<Connection>> connect(Reactor& reactor, ConnectionSettings settings,
                                                     Deadline deadline);

    Connection(Reactor& reactor, const ConnectionSettings& settings)
        : session_(reactor, settings) {}

    void verify_identity(const ConnectionSettings& settings) const;
    Task<void> verify_instance(std::string expected);
    Task<void> leave_transaction(Reply& reply);
    Task<Rows> ask(std::string sql);

    Session session_;
    bool rehearses_ = false;
    bool has_own_path_ = false;
};

/// Opens a session and makes sure that it is the one asked for. Throws Failure(connection_failed);
/// no secret is in its text.
Task<std::unique_ptr<Connection>> connect(Reactor& reactor, ConnectionSettings settings,
                                          Deadline deadline);

}  // namespace mad::remote

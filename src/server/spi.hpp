// SQL in the backend's own transaction: our catalog queries, and the Executor for the control
// database.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "engine/executor.hpp"
#include "engine/script_source.hpp"
#include "server/boundary.hpp"

namespace mad::pg {

/// Runs SQL as the extension's owner with search_path pg_catalog and gives the last statement's
/// rows.
Rows query(const std::string& sql);
/// The same, and sees what others committed last, also in a REPEATABLE READ transaction: as foreign
/// keys do, what is decided here must not rest on an old snapshot.
Rows query_latest(const std::string& sql);
/// Whether a row with this xmin was written by the transaction that reads it.
bool is_own_transaction(const std::string& xmin);
/// A statement of the user's as another role, in a subtransaction. Throws Failure.
void query_as(Oid role, const std::string& sql);

/// A server ERROR as the engine's kind of failure; everything of it survives.
Failure failure_of(const Error& error);

using SessionSettings = std::vector<std::pair<std::string, std::string>>;

/// How far into a script its execution has come.
struct ScriptProgress {
    std::size_t completed = 0;  // statements
    std::size_t bytes = 0;
    int characters = 0;     // before the statement that runs
    std::string statement;  // that runs

    void advance(std::string_view script, const Statement& next);
};

/// The control database, in the caller's transaction. Scripts run as the branch's owner, who cannot
/// leave that role; bookkeeping runs as the extension's owner. Each call is a subtransaction. A
/// cancel is no Failure: it passes as pg::Error, so that nothing above can contain it.
class SpiExecutor final : public Executor {
 public:
    SpiExecutor(Oid script_owner, SessionSettings script_settings)
        : script_owner_(script_owner), script_settings_(std::move(script_settings)) {}

    Task<Rows> run(std::string sql) override;
    Task<Rows> run_alone(std::string statement) override;
    Task<Rows> transact(std::string script, std::string record) override;
    bool owns_transactions() const noexcept override { return false; }

 private:
    void run_script(const std::string& script, ScriptProgress& progress) const;

    Oid script_owner_;
    SessionSettings script_settings_;
};

/// A statement of our own that is planned once in a session; like query_latest() otherwise. An
/// object of static storage.
class Prepared {
 public:
    /// Its parameters $1, $2, ... are of type text.
    constexpr explicit Prepared(const char* sql) noexcept : sql_(sql) {}
    Prepared(const Prepared&) = delete;
    Prepared& operator=(const Prepared&) = delete;

    Rows operator()(const std::vector<Cell>& parameters);

 private:
    const char* sql_;
    SPIPlanPtr plan_ = nullptr;
};

}  // namespace mad::pg

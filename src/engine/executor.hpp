// Executor: run SQL in one database. The engine knows no other way to reach one.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/task.hpp"

namespace mad {

using Cell = std::optional<std::string>;  // text form; nullopt is NULL
using Row = std::vector<Cell>;
using Rows = std::vector<Row>;

class Executor {
 public:
    Executor() = default;
    Executor(const Executor&) = delete;
    Executor& operator=(const Executor&) = delete;
    virtual ~Executor() = default;

    /// Runs statements of our own as they stand and gives the last one's rows. Throws Failure with
    /// SQLSTATE, position, context and the number of statements that had completed.
    virtual Task<Rows> run(std::string sql) = 0;
    /// Where transactions are its own: a user's statement that cannot share one, with the branch's
    /// settings and nothing that earlier statements set.
    virtual Task<Rows> run_alone(std::string statement) = 0;
    /// All or nothing, in one round trip: a user's statements with the branch's settings and
    /// nothing that earlier statements set, then our bookkeeping of them. Either may be empty.
    virtual Task<Rows> transact(std::string script, std::string record) = 0;
    /// True where each transact() is a transaction of its own, false where it is part of the
    /// caller's.
    virtual bool owns_transactions() const noexcept = 0;
    /// The server's process that serves it; 0 where that is the caller's own.
    virtual int process_id() const noexcept { return 0; }

    /// From here on transact() keeps nothing: all of it shares a transaction, which end_rehearsal()
    /// or the first failure rolls back.
    virtual Task<void> begin_rehearsal() { co_return; }
    virtual Task<void> end_rehearsal() { co_return; }
};

}  // namespace mad

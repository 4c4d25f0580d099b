// The backend as the engine's Host; its wait() is the only place where a backend sleeps.
#pragma once

#include "engine/host.hpp"
#include "server/boundary.hpp"

namespace mad::pg {

/// Interrupts (cancel, terminate, statement_timeout, postmaster death) come out of wait().
class ServerHost : public Host {
 public:
    Readiness wait(std::span<const Interest> interests, Deadline deadline) override;
    void say(const Notice& notice) override;
    TimePoint now() override { return Clock::now(); }
    void reserve_socket() override;
    void release_socket() noexcept override;
};

/// In a procedure called outside a transaction block, with a non-atomic SPI connection open: waits
/// without a snapshot, for which CREATE INDEX CONCURRENTLY in this database would wait in turn. A
/// catalog query after a commit leaves one behind, so each wait that finds one commits again.
class ProcedureHost final : public ServerHost {
 public:
    Readiness wait(std::span<const Interest> interests, Deadline deadline) override;
};

/// Returns at the latest when the deadline has passed, or after an hour; earlier when another
/// process sets this one's latch.
void sleep_until_woken(Deadline deadline);

}  // namespace mad::pg

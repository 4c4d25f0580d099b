// The backend as the engine's Host; its wait() is the only place where a backend sleeps.
#pragma once

#include "engine/host.hpp"
#include "server/boundary.hpp"

namespace mad::pg {

/// Interrupts (cancel, terminate, statement_timeout, postmaster death) come out of wait().
class ServerHost final : public Host {
 public:
    Readiness wait(std::span<const Interest> interests, Deadline deadline) override;
    void say(const Notice& notice) override;
    TimePoint now() override { return Clock::now(); }
    void reserve_socket() override;
    void release_socket() noexcept override;
};

}  // namespace mad::pg

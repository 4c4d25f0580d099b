// The queue: jobs that a transaction left to be done after its commit, and how each is done.
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>

#include "core/failure.hpp"
#include "engine/executor.hpp"
#include "engine/host.hpp"

namespace mad {

/// Jobs of two lanes do not wait for each other: an upgrade of a large fleet takes long.
enum class Lane { provisioning, upgrades };

/// "provisioning", "upgrades"
std::string_view name_of(Lane lane) noexcept;

struct QueueOrder {
    Lane lane = Lane::provisioning;
    int attempts = 10;  // of a job, before it is given up
    /// The caller holds a snapshot of the control database: a script that is no transaction would
    /// wait there for the caller, who waits for it.
    bool holds_snapshot = false;
};

struct Drained {
    std::size_t done = 0;  // jobs
    /// Until the next job of the lane is due; none where none is left.
    std::optional<std::chrono::milliseconds> next;
};

/// Does the lane's jobs, one after the other, until none is due. `control` is a session of its own
/// in the control database, as the extension's owner. Nobody else may work on the lane: a job that
/// is found running was left by somebody who died. A job's failure is recorded with it and said;
/// only the loss of the session, or of the queue itself, is a Failure.
Task<Drained> drain(Executor& control, Host& host, QueueOrder order);

/// Whether a failure says that there is no queue any more: the extension was dropped.
bool is_gone(const Failure& failure) noexcept;

}  // namespace mad

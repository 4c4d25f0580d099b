// Events of a run, as the jsonb that hooks are called with and listeners are notified of.
#pragma once

#include <optional>
#include <span>
#include <string>

#include "core/failure.hpp"
#include "engine/kit.hpp"
#include "engine/run_description.hpp"

namespace mad {

/// What an event tells besides its run; what is empty is left out.
struct Event {
    std::string name;
    std::string database = {};
    std::string organization = {};
    std::string revision = {};
    std::string status = {};
    std::optional<Report> error = {};
};

/// Asks for the jsonb.
std::string event_sql(const RunDescription& run, RunNumber number, const Event& event);
/// Notifies channel mad_migrate of the events, in their order.
std::string notify_sql(const RunDescription& run, RunNumber number, std::span<const Event> events);

}  // namespace mad

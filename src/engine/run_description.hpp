// What is known of a run when it begins.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "core/plan.hpp"

namespace mad {

struct RunDescription {
    std::string branch;
    Direction direction = Direction::upgrade;
    std::string target;
    std::string environment;
    std::string started_by;
    std::size_t jobs = 1;
    bool dry_run = false;
    /// A number that was promised; a run that has it already goes on under it.
    std::optional<std::int64_t> number = {};
};

}  // namespace mad

// What is known of a run when it begins.
#pragma once

#include <cstddef>
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
};

}  // namespace mad

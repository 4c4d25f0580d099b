// Logbook: is told where a database would stand if all ended now, so that a crash leaves it known.
#pragma once

#include <string>

#include "engine/task.hpp"

namespace mad {

struct MigrationResult;

class Logbook {
 public:
    Logbook() = default;
    Logbook(const Logbook&) = delete;
    Logbook& operator=(const Logbook&) = delete;
    virtual ~Logbook() = default;

    virtual void note(const std::string& database, const MigrationResult& so_far) = 0;
    /// When all that was noted until now is on disk.
    virtual Task<void> written() = 0;
};

}  // namespace mad

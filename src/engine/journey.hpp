// Journey: one database on its way, and what all databases of the call have in common.
#pragma once

#include <string>

#include "engine/executor.hpp"
#include "engine/migrate.hpp"

namespace mad {

struct Journey : Migrations {
    Executor& database;
    const std::string& database_name;
    bool may_publish = false;  // its role is allowed to set mad_revision.<branch>
};

}  // namespace mad

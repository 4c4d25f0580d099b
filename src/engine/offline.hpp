// Plans written out as SQL that psql alone can run.
#pragma once

#include <string>
#include <vector>

#include "core/plan.hpp"
#include "engine/script_source.hpp"

namespace mad {

struct OfflineOrder {
    std::string branch;
    std::string search_path;
    std::string environment;
    std::string kit_sql;
    bool from_nothing = false;  // the script installs the kit first
};

std::string write_offline(const std::vector<Step>& plan, const ScriptSource& scripts,
                          const OfflineOrder& order);

}  // namespace mad

// Which sections of a branch's scripts cannot run in a transaction, without reading the scripts.
#pragma once

#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/plan.hpp"

namespace mad::pg {

/// Asks the catalog once; only scripts with such a section are kept.
class CatalogSections {
 public:
    CatalogSections(const std::string& branch, std::string environment);

    bool runs_in_transaction(const Step& step) const;

 private:
    struct Sections {
        std::vector<std::string> all;
        std::vector<std::string> outside_transaction;
    };

    std::string environment_;
    std::unordered_map<std::string, Sections> scripts_;
};

}  // namespace mad::pg

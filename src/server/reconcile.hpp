// Reconciling the registry with the databases that there are.
#pragma once

#include <string>
#include <vector>

#include "server/catalog.hpp"

namespace mad::pg {

struct Discrepancy {
    std::string database;
    std::string organization;  // empty: nobody's
    std::string problem;
    std::string action;  // what mends it; where it was mended, what was done
};

/// What is wrong with a branch's databases; with `repair`, what can be mended without loss is.
std::vector<Discrepancy> reconcile(const Branch& branch, bool repair);

}  // namespace mad::pg

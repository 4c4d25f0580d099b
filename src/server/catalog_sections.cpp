// Which sections of a branch's scripts cannot run in a transaction, without reading the scripts.
#include "server/catalog_sections.hpp"

#include <algorithm>

#include "core/quote.hpp"
#include "core/script.hpp"
#include "server/catalog.hpp"
#include "server/spi.hpp"

namespace mad::pg {

namespace {

bool contains(const std::vector<std::string>& names, const std::string& name) {
    return std::find(names.begin(), names.end(), name) != names.end();
}

}  // namespace

CatalogSections::CatalogSections(const std::string& branch, std::string environment)
    : environment_(std::move(environment)) {
    const Rows rows = query(
        mad::format("SELECT revision, array_to_string(sections, ','), "
                    "array_to_string(outside_transaction, ',') "
                    "FROM mad_migrate.script WHERE branch = {} AND outside_transaction <> '{{}}'",
                    quote_literal(branch)));
    for (const Row& row : rows) {
        scripts_.emplace(row[0].value(), Sections{items_of(row[1]), items_of(row[2])});
    }
}

bool CatalogSections::runs_in_transaction(const Step& step) const {
    const auto found = scripts_.find(step.revision);
    if (found == scripts_.end() || step.direction == Direction::stamp) return true;
    const Section bound{step.direction, environment_, {}, 1};
    const Section plain{step.direction, {}, {}, 1};
    const std::string name =
        contains(found->second.all, bound.name()) ? bound.name() : plain.name();
    return !contains(found->second.outside_transaction, name);
}

}  // namespace mad::pg

// Scripts out of the control database's catalog, made ready for the engine.
#pragma once

#include <map>
#include <string>
#include <utility>

#include "engine/script_source.hpp"
#include "server/catalog.hpp"

namespace mad::pg {

/// Other databases must not be migrated by what may yet be rolled back. Throws
/// Failure(active_transaction) where this transaction has added or changed a script of the branch.
void refuse_uncommitted_scripts(const std::string& branch);

class CatalogScripts final : public ScriptSource {
 public:
    CatalogScripts(std::string branch, std::string environment)
        : branch_(std::move(branch)), environment_(std::move(environment)) {}

    void prepare(std::span<const Step> steps) override;
    const RunnableScript& script(std::string_view revision, Direction direction) const override;

 private:
    using Key = std::pair<std::string, Direction>;

    void load(const std::vector<std::string>& revisions, Direction direction);

    std::string branch_;
    std::string environment_;
    std::map<Key, RunnableScript, std::less<>> ready_;
};

}  // namespace mad::pg

// A branch's template as the caller's own session sees it, by statements that are planned once.
#pragma once

#include <string>

#include "engine/template_catalog.hpp"
#include "server/catalog.hpp"

namespace mad::pg {

class CatalogTemplate final : public TemplateCatalog {
 public:
    explicit CatalogTemplate(const Branch& branch)
        : branch_(branch.name), database_(*branch.database_template) {}

    const std::string& database() const noexcept { return database_; }

    TemplateState state() override;
    std::int64_t bytes() override;
    std::string clone_name() override;
    std::string dressing(const std::string& clone) override;

 private:
    const std::string branch_;
    const std::string database_;
};

}  // namespace mad::pg

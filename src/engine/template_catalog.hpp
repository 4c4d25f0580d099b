// TemplateCatalog: what the shared catalog tells of a branch's template, asked of a session that
// has been there longer than the one that clones, in which every plan costs much.
#pragma once

#include <cstdint>
#include <string>

#include "engine/executor.hpp"

namespace mad {

struct TemplateState {
    Cell foreign_keeper;  // the other control database that keeps it
    bool built = false;   // and migrated, where there is a script: else its clones would be empty
    bool open = false;    // takes connections
    std::string owner;    // of the branch, as SQL
};

class TemplateCatalog {
 public:
    TemplateCatalog() = default;
    TemplateCatalog(const TemplateCatalog&) = delete;
    TemplateCatalog& operator=(const TemplateCatalog&) = delete;
    virtual ~TemplateCatalog() = default;

    virtual TemplateState state() = 0;
    virtual std::int64_t bytes() = 0;
    /// A name that no other spare clone ever had.
    virtual std::string clone_name() = 0;
    /// Statements that give a clone the template's privileges and settings, which CREATE DATABASE
    /// does not copy; the settings hold the version.
    virtual std::string dressing(const std::string& clone) = 0;
};

}  // namespace mad

// What the engine needs of a script to run it, and where it gets it from.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/plan.hpp"

namespace mad {

/// An index built concurrently: when that fails, it is left behind INVALID.
struct IndexBuild {
    std::string table;  // as SQL
    std::string index;  // its plain name
};

struct Statement {
    std::string text;
    std::size_t offset = 0;     // in the section's body, in bytes
    int line = 1;               // in the script
    bool transactional = true;  // false: the server refuses it inside a transaction block
    std::optional<IndexBuild> builds = {};
    bool repeatable = true;  // running it twice does no harm, or fails; false: it may commit parts
};

/// One direction of one script, ready to run.
struct RunnableScript {
    std::string revision;
    std::string filename;
    std::string message;
    std::string checksum;
    std::string body;
    int first_line = 1;  // of the body, in the script
    std::vector<Statement> statements;
    bool transactional = true;  // the whole of it can run in one transaction
    bool switched_off = false;  // its header says "Transaction: off"
};

class ScriptSource {
 public:
    ScriptSource() = default;
    ScriptSource(const ScriptSource&) = delete;
    ScriptSource& operator=(const ScriptSource&) = delete;
    virtual ~ScriptSource() = default;

    /// Makes the steps' scripts ready. Throws Failure where one of them must not run: irreversible,
    /// unmet_requirement.
    virtual void prepare(std::span<const Step> steps) = 0;
    /// One of those made ready.
    virtual const RunnableScript& script(std::string_view revision, Direction direction) const = 0;
};

}  // namespace mad

// A ScriptSource that holds what a test puts into it.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/failure.hpp"
#include "engine/script_source.hpp"

namespace mad::test {

/// A script's body with its statements, which are given in order; it begins at line 5.
inline RunnableScript script_of(const std::string& revision, std::vector<Statement> statements) {
    RunnableScript script;
    script.revision = revision;
    script.filename = revision + ".sql";
    script.message = "Message of " + revision;
    script.checksum = "sum " + revision;
    script.first_line = 5;
    int line = script.first_line;
    for (Statement& statement : statements) {
        if (!script.body.empty()) script.body += '\n';
        statement.offset = script.body.size();
        statement.line = line++;
        script.body += statement.text + ";";
        if (!statement.transactional) script.transactional = false;
    }
    script.statements = std::move(statements);
    return script;
}

inline Statement within(std::string text) {
    return {.text = std::move(text)};
}
inline Statement outside(std::string text) {
    return {.text = std::move(text), .transactional = false};
}

class ScriptShelf final : public ScriptSource {
 public:
    void prepare(std::span<const Step> steps) override {
        if (refusal) throw Failure(*refusal);
        for (const Step& step : steps) prepared.push_back(step.revision);
    }
    const RunnableScript& script(std::string_view revision, Direction direction) const override {
        return scripts_.at({std::string(revision), direction});
    }

    RunnableScript& put(const std::string& revision, Direction direction,
                        std::vector<Statement> statements) {
        return scripts_[{revision, direction}] = script_of(revision, std::move(statements));
    }

    std::optional<Failure> refusal;  // of prepare()
    std::vector<std::string> prepared;

 private:
    std::map<std::pair<std::string, Direction>, RunnableScript> scripts_;
};

}  // namespace mad::test

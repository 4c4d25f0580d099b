// How scripts are put together and taken from the shelf.
#include "support/engine/script_shelf.hpp"

namespace mad::test {

RunnableScript script_of(const std::string& revision, std::initializer_list<Statement> statements) {
    RunnableScript script;
    script.revision = revision;
    script.filename = revision + ".sql";
    script.message = "Message of " + revision;
    script.checksum = "sum " + revision;
    script.first_line = 5;
    script.statements = statements;
    int line = script.first_line;
    for (Statement& statement : script.statements) {
        if (!script.body.empty()) script.body += '\n';
        statement.offset = script.body.size();
        statement.line = line++;
        script.body += statement.text + ";";
        if (!statement.transactional) script.transactional = false;
    }
    return script;
}

Statement within(std::string_view text) {
    return {.text = std::string(text)};
}

Statement outside(std::string_view text) {
    return {.text = std::string(text), .transactional = false};
}

ScriptShelf::ScriptShelf() = default;
ScriptShelf::~ScriptShelf() = default;

void ScriptShelf::prepare(std::span<const Step> steps) {
    if (refusal) throw Failure(*refusal);
    for (const Step& step : steps) prepared.push_back(step.revision);
}

const RunnableScript& ScriptShelf::script(std::string_view revision, Direction direction) const {
    return scripts_.at({std::string(revision), direction});
}

RunnableScript& ScriptShelf::put(const std::string& revision, Direction direction,
                                 std::initializer_list<Statement> statements) {
    return scripts_[{revision, direction}] = script_of(revision, statements);
}

}  // namespace mad::test

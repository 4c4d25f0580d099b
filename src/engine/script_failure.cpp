// Errors of a script's statements, told where they happened as psql tells it.
#include "engine/script_failure.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "core/position.hpp"

namespace mad {

namespace {

Failure with_context(const Failure& failure, const std::string& statement_context,
                     const Whereabouts& where) {
    Report report = failure.report();
    if (!report.context.empty()) report.context += '\n';
    report.context += statement_context;
    report.context += fmt::format("{} of revision \"{}\", branch \"{}\", database \"{}\"",
                                  name_of(where.step.direction), where.step.revision, where.branch,
                                  where.database);
    return Failure(std::move(report));
}

std::string statement_context(const RunnableScript& script, std::size_t index, int line) {
    return fmt::format("statement {} of {}, line {} of script \"{}\": {}\n", index + 1,
                       script.statements.size(), line, script.filename,
                       first_line(script.statements[index].text));
}

}  // namespace

Failure located(const Failure& failure, const RunnableScript& script, const Whereabouts& where) {
    const Report& report = failure.report();
    if (!report.completed_statements || *report.completed_statements >= script.statements.size()) {
        return with_context(failure, "", where);
    }
    int line = script.statements[*report.completed_statements].line;
    if (report.position > 0) {
        line =
            script.first_line - 1 + line_at(script.body, byte_offset(script.body, report.position));
    }
    return with_context(failure, statement_context(script, *report.completed_statements, line),
                        where);
}

Failure located_at(const Failure& failure, const RunnableScript& script, std::size_t statement,
                   const Whereabouts& where) {
    const int line = script.statements[statement].line;
    return with_context(failure, statement_context(script, statement, line), where);
}

std::string describe_untransactional(const RunnableScript& script) {
    const auto found = std::find_if(script.statements.begin(), script.statements.end(),
                                    [](const Statement& s) { return !s.transactional; });
    if (found == script.statements.end()) {
        return fmt::format("Script \"{}\" says \"Transaction: off\".", script.filename);
    }
    return fmt::format("Script \"{}\", line {}: {}", script.filename, found->line,
                       first_line(found->text));
}

}  // namespace mad

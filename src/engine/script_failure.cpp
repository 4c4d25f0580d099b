// Errors of a script's statements, told where they happened as psql tells it.
#include "engine/script_failure.hpp"

#include <algorithm>
#include <utility>

#include "core/format.hpp"
#include "core/position.hpp"

namespace mad {

namespace {

Failure with_context(const Failure& failure, std::string_view context) {
    Report report = failure.report();
    if (!report.context.empty()) report.context += '\n';
    report.context += context;
    return Failure(std::move(report));
}

Failure in_statement(const Failure& failure, const RunnableScript& script, std::size_t index,
                     int line) {
    Report report = failure.report();
    report.place = mad::format("{}:{}", script.filename, line);
    return with_context(Failure(std::move(report)),
                        mad::format("statement {} of {}, line {} of script \"{}\": {}", index + 1,
                                    script.statements.size(), line, script.filename,
                                    first_line(script.statements[index].text)));
}

/// The server cannot know what a script may do about it.
Failure with_remedy(const Failure& failure) {
    constexpr std::string_view unsafe_new_enum_value = "55P04";
    Report report = failure.report();
    if (report.sqlstate == unsafe_new_enum_value) {
        report.hint =
            "Write \"Transaction: off\" in the script's header, so that each of its "
            "statements is committed before the next one runs.";
    }
    if (report.message.find("security-restricted operation") != std::string::npos) {
        report.hint =
            "The branch's owner has fewer rights than the caller, so the script must leave nothing "
            "behind that would run as the caller. Make the call as the owner.";
    }
    return Failure(std::move(report));
}

/// Where statements are committed one by one, what the server hints at goes first.
Failure with_way_on(const Failure& failure, std::size_t statement) {
    Report report = failure.report();
    if (report.hint.empty()) {
        report.hint = statement == 0
                          ? "Mend the cause and run the call again."
                          : "The statements before it remain. Mend the cause and run the call "
                            "again: it goes on with this statement.";
    }
    return Failure(std::move(report));
}

/// Of the server's error position in `text`, which begins at `text_line`.
int error_line(const Failure& failure, std::string_view text, int text_line, int fallback) {
    const int position = failure.report().position;
    if (position <= 0) return fallback;
    return text_line - 1 + line_at(text, byte_offset(text, position));
}

}  // namespace

Failure located(const Failure& failure, const RunnableScript& script) {
    const std::optional<std::size_t>& completed = failure.report().completed_statements;
    if (!completed || *completed >= script.statements.size()) return failure;
    const int line =
        error_line(failure, script.body, script.first_line, script.statements[*completed].line);
    return in_statement(with_remedy(failure), script, *completed, line);
}

Failure located_at(const Failure& failure, const RunnableScript& script, std::size_t statement) {
    if (failure.report().completed_statements.value_or(0) > 0) return failure;
    const Statement& failed = script.statements[statement];
    const int line = error_line(failure, failed.text, failed.line, failed.line);
    return in_statement(with_way_on(failure, statement), script, statement, line);
}

Failure located_in(const Failure& failure, const Whereabouts& where) {
    return with_context(
        failure, mad::format("{} of revision \"{}\", branch \"{}\", database \"{}\"",
                             name_of(where.step.direction), where.step.revision, where.branch,
                             where.database));
}

std::string describe_untransactional(const RunnableScript& script) {
    const auto found = std::find_if(script.statements.begin(), script.statements.end(),
                                    [](const Statement& s) { return !s.transactional; });
    if (script.switched_off || found == script.statements.end()) {
        return mad::format("Script \"{}\" says \"Transaction: off\".", script.filename);
    }
    return mad::format("Script \"{}\", line {}: {}", script.filename, found->line,
                       first_line(found->text));
}

}  // namespace mad

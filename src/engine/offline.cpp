// Plans written out as SQL that psql alone can run.
#include "engine/offline.hpp"

#include "core/format.hpp"
#include "core/quote.hpp"
#include "core/text.hpp"
#include "engine/kit.hpp"

namespace mad {

namespace {

std::string prologue(const OfflineOrder& order) {
    std::string sql = "\\set ON_ERROR_STOP on\n\n";
    if (!order.from_nothing) return sql;
    return sql + prepare_sql(order.branch, order.kit_sql) + ";\n\n";
}

std::string settings(const OfflineOrder& order) {
    return mad::format("SET LOCAL search_path = {};\nSET LOCAL mad_migrate.environment = {};\n",
                       order.search_path, quote_literal(order.environment));
}

std::string heading(const Step& step, const RunnableScript& script) {
    const auto side = [](const std::vector<std::string>& ids) {
        return ids.empty() ? std::string("<base>") : join(ids, ", ");
    };
    return mad::format("-- Running {} {} -> {}{}\n", name_of(step.direction),
                       comment_line(side(step.rows.deletes)), comment_line(side(step.rows.inserts)),
                       script.message.empty() ? "" : comment_line(", " + script.message));
}

std::string record(const Step& step, const RunnableScript& script, const OfflineOrder& order) {
    return record_step_sql(order.branch, step, script.checksum, std::nullopt, true) + ";\n";
}

/// The last one may be without. One that is added must not get into a comment at the text's end.
bool has_semicolon(const RunnableScript& script, const Statement& statement) {
    return statement.offset + statement.text.size() < script.body.size();
}

std::string in_transaction(const Step& step, const RunnableScript& script,
                           const OfflineOrder& order) {
    const bool is_ended =
        script.statements.empty() || has_semicolon(script, script.statements.back());
    return "BEGIN;\n" + settings(order) + script.body + (is_ended ? "\n" : "\n;\n") +
           record(step, script, order) + "COMMIT;\n\n";
}

/// What cannot be undone is not begun where the version rows are others than the plan's.
std::string rehearsal(const Step& step, const OfflineOrder& order) {
    return "BEGIN;\n" + change_heads_sql(order.branch, step.rows) + ";\nROLLBACK;\n";
}

std::string outside_transaction(const Step& step, const RunnableScript& script,
                                const OfflineOrder& order) {
    std::string sql = rehearsal(step, order);
    sql += mad::format("SET search_path = {};\nSET mad_migrate.environment = {};\n",
                       order.search_path, quote_literal(order.environment));
    for (const Statement& statement : script.statements) {
        sql.append(statement.text).append(has_semicolon(script, statement) ? ";\n" : "\n;\n");
    }
    return sql + "RESET search_path;\nRESET mad_migrate.environment;\n" +
           record(step, script, order) + "\n";
}

}  // namespace

std::string write_offline(const std::vector<Step>& plan, const ScriptSource& scripts,
                          const OfflineOrder& order) {
    std::string sql = prologue(order);
    for (const Step& step : plan) {
        const RunnableScript& script = scripts.script(step.revision, step.direction);
        sql += heading(step, script);
        sql += script.transactional ? in_transaction(step, script, order)
                                    : outside_transaction(step, script, order);
    }
    return sql;
}

}  // namespace mad

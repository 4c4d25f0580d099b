// Events of a run, as the jsonb that hooks are called with and listeners are notified of.
#include "engine/event.hpp"

#include <vector>

#include "core/format.hpp"
#include "core/quote.hpp"
#include "core/text.hpp"

namespace mad {

namespace {

/// Each event is a row of these.
constexpr std::string_view columns =
    "event, database, organization, revision, status, sqlstate, message, context";

std::string text_or_null(const std::string& text) {
    return text.empty() ? "NULL" : quote_literal(text);
}

std::string row_of(const Event& event) {
    const Report none;
    const Report& error = event.error ? *event.error : none;
    return mad::format(
        "({}, {}, {}, {}, {}, {}, {}, {})", quote_literal(event.name), text_or_null(event.database),
        text_or_null(event.organization), text_or_null(event.revision), text_or_null(event.status),
        text_or_null(error.sqlstate), text_or_null(error.message), text_or_null(error.context));
}

/// What all events of a run share is written once.
std::string select_sql(const RunDescription& run, RunNumber number, std::span<const Event> events,
                       std::string_view before, std::string_view after) {
    std::vector<std::string> rows;
    rows.reserve(events.size());
    for (const Event& event : events) rows.push_back(row_of(event));
    return mad::format(
        "SELECT {}pg_catalog.jsonb_strip_nulls(pg_catalog.jsonb_build_object('event', e.event, "
        "'run', {}, 'branch', {}, 'direction', {}, 'target', {}, 'environment', {}, 'database', "
        "e.database, 'organization', e.organization, 'revision', e.revision, 'status', e.status, "
        "'dry_run', {}, 'error', CASE WHEN "
        "e.sqlstate IS NOT NULL THEN pg_catalog.jsonb_build_object('sqlstate', e.sqlstate, "
        "'message', e.message, 'context', e.context) END)){} FROM (VALUES {}) e ({})",
        before, number ? std::to_string(*number) : "NULL", quote_literal(run.branch),
        run.target.empty() ? "NULL" : quote_literal(name_of(run.direction)),
        text_or_null(run.target), quote_literal(run.environment), run.dry_run ? "true" : "NULL",
        after, join(rows, ", "), columns);
}

}  // namespace

std::string event_sql(const RunDescription& run, RunNumber number, const Event& event) {
    return select_sql(run, number, {&event, 1}, "", "");
}

std::string notify_sql(const RunDescription& run, RunNumber number, std::span<const Event> events) {
    // A notification has at most 7999 bytes, and a character of it at most four.
    return select_sql(run, number, events,
                      "pg_catalog.pg_notify('mad_migrate', pg_catalog.substr((",
                      ")::pg_catalog.text, 1, 1900))");
}

}  // namespace mad

// The record of a step that ran in one transaction: version rows, history, published heads.
#include "engine/step_record.hpp"

#include <algorithm>

#include "core/format.hpp"
#include "core/naming.hpp"
#include "core/quote.hpp"

namespace mad {

namespace {

/// Alembic's version table is as narrow as this until the kit's function widens it.
constexpr std::size_t narrow_id = 32;

/// A step along a line of revisions, as most are, in the session of one database.
bool is_plain(const Journey& journey, const Step& step, const Heads& after) {
    const auto fits = [](const std::string& id) { return id.size() <= narrow_id; };
    return journey.may_publish && journey.database.owns_transactions() &&
           step.direction != Direction::stamp && step.rows.deletes.size() <= 1 &&
           step.rows.inserts.size() <= 1 && after.size() <= 1 &&
           std::ranges::all_of(step.rows.inserts, fits);
}

std::string change_row_sql(const std::string& table, const RowChange& rows) {
    const auto where = [&](const std::string& id) {
        return mad::format("version_num = {}", quote_literal(id));
    };
    const auto unless_there = [&](const std::string& id) {
        return mad::format("NOT EXISTS (SELECT FROM {} WHERE {})", table, where(id));
    };
    if (rows.inserts.empty()) {
        return mad::format("DELETE FROM {} WHERE {}", table, where(rows.deletes[0]));
    }
    const std::string& added = rows.inserts[0];
    if (rows.deletes.empty()) {
        return mad::format("INSERT INTO {} (version_num) SELECT {} WHERE {} ON CONFLICT DO NOTHING",
                           table, quote_literal(added), unless_there(added));
    }
    return mad::format("UPDATE {} SET version_num = {} WHERE {} AND {}", table,
                       quote_literal(added), where(rows.deletes[0]), unless_there(added));
}

std::string publish_sql(const Journey& journey, const Heads& after) {
    const std::string database = quote_identifier(journey.database_name);
    const std::string setting = "mad_revision." + quote_identifier(journey.order.branch);
    if (after.empty()) return mad::format("ALTER DATABASE {} RESET {}", database, setting);
    return mad::format("ALTER DATABASE {} SET {} = {}", database, setting,
                       quote_literal(*after.begin()));
}

/// What record_step does, in statements that a new session plans in a third of the time that it
/// takes to compile the kit's functions. Where a row is not as expected, the function tells why.
std::string plain_record_sql(const Journey& journey, const Step& step, const std::string& checksum,
                             const Heads& after) {
    const std::string& branch = journey.order.branch;
    const std::string table = version_table_sql(branch);
    return mad::format(
        R"(LOCK TABLE mad_migrate.history IN SHARE UPDATE EXCLUSIVE MODE;
WITH changed AS ({change} RETURNING 1),
written AS (INSERT INTO mad_migrate.history (branch, revision, direction, checksum, started_at, finished_at, run)
            VALUES ({branch}, {revision}, {direction}, {checksum}, pg_catalog.transaction_timestamp(),
                    pg_catalog.clock_timestamp(), {run}))
{otherwise} WHERE (SELECT pg_catalog.count(*) FROM changed) <> 1;
{publish})",
        fmt::arg("change", change_row_sql(table, step.rows)),
        fmt::arg("branch", quote_literal(branch)),
        fmt::arg("revision", quote_literal(step.revision)),
        fmt::arg("direction", quote_literal(name_of(step.direction))),
        fmt::arg("checksum", quote_literal(checksum)),
        fmt::arg("run", journey.order.run ? std::to_string(*journey.order.run) : "NULL"),
        fmt::arg("otherwise", change_heads_sql(branch, step.rows)),
        fmt::arg("publish", publish_sql(journey, after)));
}

}  // namespace

std::string step_record_sql(const Journey& journey, const Step& step, const std::string& checksum,
                            Heads before) {
    Heads after = std::move(before);
    apply(after, step.rows);
    if (is_plain(journey, step, after)) return plain_record_sql(journey, step, checksum, after);
    return record_step_sql(journey.order.branch, step, checksum, journey.order.run,
                           journey.database.owns_transactions());
}

}  // namespace mad

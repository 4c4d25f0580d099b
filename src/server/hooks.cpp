// Hooks: functions of the user's, called with one jsonb as the branch's owner.
#include "server/hooks.hpp"

#include <utility>

#include "core/quote.hpp"
#include "core/text.hpp"
#include "server/settings.hpp"
#include "server/spi.hpp"

namespace mad::pg {

namespace {

constinit Prepared hooks_statement(R"(
SELECT h.event, format('%I.%I', n.nspname, p.proname)
  FROM mad_migrate.hook h
  JOIN pg_proc p ON p.oid = h.function
  JOIN pg_namespace n ON n.oid = p.pronamespace
 WHERE h.branch = $1
 ORDER BY h.added_at, h.function)");

std::string text_or_null(const std::string& text) {
    return text.empty() ? "NULL" : quote_literal(text);
}

std::string error_sql(const Report* error) {
    if (error == nullptr) return "NULL";
    return fmt::format(
        "pg_catalog.jsonb_build_object('sqlstate', {}, 'message', {}, 'context', {})",
        quote_literal(error->sqlstate), quote_literal(error->message),
        quote_literal(error->context));
}

RunDescription outside_runs(const Branch& branch) {
    RunDescription none;
    none.branch = branch.name;
    none.environment = settings::environment();
    return none;
}

EventFacts facts_of(const std::string& database, const Step& step) {
    EventFacts facts;
    facts.database = database;
    facts.revision = step.revision;
    return facts;
}

Failure refused(const Failure& failure, const std::string& event, const std::string& function) {
    Report report = failure.report();
    if (!report.context.empty()) report.context += '\n';
    report.context += fmt::format("{} hook {}", event, function);
    return Failure(std::move(report));
}

void warn(const Failure& failure, const std::string& event, const std::string& function) {
    const Report& report = failure.report();
    const std::string message =
        fmt::format("{} hook {} failed: {}", event, function, report.message);
    const char* const text = message.c_str();
    const char* const detail = report.detail.empty() ? nullptr : report.detail.c_str();
    call([&] {
        ereport(WARNING, (errmsg_internal("%s", text),
                          detail != nullptr ? errdetail_internal("%s", detail) : 0));
    });
}

}  // namespace

Hooks::Hooks(const Branch& branch, RunDescription run) : branch_(branch), run_(std::move(run)) {
    for (const Row& row : hooks_statement({branch.name})) {
        hooks_.push_back({row[0].value(), row[1].value()});
    }
}

Hooks::Hooks(const Branch& branch) : Hooks(branch, outside_runs(branch)) {}

std::string Hooks::event_sql(const std::string& event, const EventFacts& facts) const {
    const std::string run = ledger_ != nullptr ? std::to_string(ledger_->number()) : "NULL";
    return fmt::format(
        "pg_catalog.jsonb_strip_nulls(pg_catalog.jsonb_build_object('event', {}, 'run', {}, "
        "'branch', {}, 'direction', {}, 'target', {}, 'environment', {}, 'database', {}, "
        "'organization', {}, 'revision', {}, 'status', {}, 'dry_run', {}, 'error', {}))",
        quote_literal(event), run, quote_literal(run_.branch),
        run_.target.empty() ? "NULL" : quote_literal(name_of(run_.direction)),
        text_or_null(run_.target), quote_literal(run_.environment), text_or_null(facts.database),
        text_or_null(facts.organization), text_or_null(facts.revision), text_or_null(facts.status),
        run_.dry_run ? "true" : "NULL", error_sql(facts.error));
}

/// At once where there is a session of the ledger, else with the caller's commit.
void Hooks::notify(const std::string& event_sql) const {
    // A notification has at most 7999 bytes.
    const std::string sql = fmt::format(
        "SELECT pg_catalog.pg_notify('mad_migrate', "
        "pg_catalog.substr(({})::pg_catalog.text, 1, 1900))",
        event_sql);
    if (ledger_ != nullptr) {
        ledger_->say(sql);
    } else {
        query(sql);
    }
}

void Hooks::before(const std::string& event, const EventFacts& facts) {
    const std::string argument = event_sql(event, facts);
    for (const Hook& hook : hooks_) {
        if (hook.event != event) continue;
        try {
            query_as(branch_.owner, fmt::format("SELECT {}({})", hook.function, argument));
        } catch (const Failure& failure) {
            throw refused(failure, event, hook.function);
        }
    }
    notify(argument);
}

void Hooks::after(const std::string& event, const EventFacts& facts) {
    const std::string argument = event_sql(event, facts);
    for (const Hook& hook : hooks_) {
        if (hook.event != event) continue;
        try {
            query_as(branch_.owner, fmt::format("SELECT {}({})", hook.function, argument));
        } catch (const Failure& failure) {
            warn(failure, event, hook.function);
        }
    }
    notify(argument);
}

void Hooks::before_step(const std::string& database, const Step& step) {
    before("before_revision", facts_of(database, step));
}

void Hooks::after_step(const std::string& database, const Step& step) {
    after("after_revision", facts_of(database, step));
}

}  // namespace mad::pg

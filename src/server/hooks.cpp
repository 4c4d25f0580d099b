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
SELECT h.event, h.function, (SELECT format('%I.%I', n.nspname, p.proname)
                               FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
                              WHERE p.oid = to_regprocedure(h.function))
  FROM mad_migrate.hook h
 WHERE h.branch = $1
 ORDER BY h.added_at, h.function)");

RunDescription outside_runs(const Branch& branch) {
    RunDescription none;
    none.branch = branch.name;
    none.environment = settings::environment();
    return none;
}

[[noreturn]] void refuse(const Failure& failure, const Event& event, const std::string& function) {
    Report report = failure.report();
    if (!report.context.empty()) report.context += '\n';
    report.context += mad::format("{} hook {}", event.name, function);
    throw Failure(std::move(report));
}

void warn(const Failure& failure, const Event& event, const std::string& function) {
    const Report& report = failure.report();
    const std::string message =
        mad::format("{} hook {} failed: {}", event.name, function, report.message);
    const char* const text = message.c_str();
    const char* const detail = report.detail.empty() ? nullptr : report.detail.c_str();
    const char* const hint = report.hint.empty() ? nullptr : report.hint.c_str();
    call([&] {
        ereport(WARNING, (errmsg_internal("%s", text),
                          detail != nullptr ? errdetail_internal("%s", detail) : 0,
                          hint != nullptr ? errhint("%s", hint) : 0));
    });
}

}  // namespace

Hooks::Hooks(const Branch& branch, RunDescription run) : branch_(branch), run_(std::move(run)) {
    for (const Row& row : hooks_statement({branch.name})) {
        hooks_.push_back({row[0].value(), row[1].value(), row[2]});
    }
}

Hooks::Hooks(const Branch& branch) : Hooks(branch, outside_runs(branch)) {}

void Hooks::call_hook(const Hook& hook, const std::string& argument) const {
    if (!hook.function) {
        throw Failure(Code::undefined_function,
                      mad::format("function {} does not exist", hook.name), {},
                      mad::format("Create it again, or remove the hook: SELECT "
                                  "mad_migrate.remove_hook({}, {}, {}).",
                                  quote_literal(hook.event), quote_literal(branch_.name),
                                  quote_literal(hook.name)));
    }
    query_as(branch_.owner, mad::format("SELECT {}({}::pg_catalog.jsonb)", *hook.function,
                                        quote_literal(argument)));
}

void Hooks::happen(Event event, Failed failed) {
    const RunNumber number = ledger_ != nullptr ? RunNumber(ledger_->number()) : std::nullopt;
    std::string argument;
    for (const Hook& hook : hooks_) {
        if (hook.event != event.name) continue;
        if (argument.empty()) argument = query(event_sql(run_, number, event))[0][0].value();
        try {
            call_hook(hook, argument);
        } catch (const Failure& failure) {
            failed(failure, event, hook.function.value_or(hook.name));
        }
    }
    if (ledger_ != nullptr) {
        ledger_->announce(std::move(event));
    } else {
        query(notify_sql(run_, number, {&event, 1}));
    }
}

void Hooks::before(Event event) {
    happen(std::move(event), refuse);
}

void Hooks::after(Event event) {
    happen(std::move(event), warn);
}

void Hooks::before_step(const std::string& database, const Step& step) {
    before({.name = "before_revision", .database = database, .revision = step.revision});
}

void Hooks::after_step(const std::string& database, const Step& step) {
    after({.name = "after_revision", .database = database, .revision = step.revision});
}

}  // namespace mad::pg

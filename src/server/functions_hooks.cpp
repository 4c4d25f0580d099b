// SQL entry points for hooks: add_hook, remove_hook.
#include <array>

#include "core/quote.hpp"
#include "core/text.hpp"
#include "server/arguments.hpp"
#include "server/catalog.hpp"
#include "server/identity.hpp"
#include "server/spi.hpp"

namespace mad::pg {

namespace {

constexpr std::array<std::string_view, 7> events{
    "before_run", "after_run",       "before_revision",   "after_revision",
    "on_failure", "after_provision", "before_deprovision"};

std::string event_argument(const Arguments& arguments) {
    std::string event = arguments.text(0, "event");
    for (const std::string_view known : events) {
        if (event == known) return event;
    }
    throw Failure(Code::invalid_parameter, mad::format("unknown event \"{}\"", event),
                  mad::format("Known events: {}.", join(events, ", ")));
}

std::string function_name(Oid function) {
    const char* const name = call([&] { return format_procedure(function); });
    return name;
}

/// As the server reads a name with the caller's search_path; nothing where there is none.
std::optional<Oid> function_named(const std::string& name) {
    const char* const text = name.c_str();
    const bool has_types = name.find('(') != std::string::npos;
    const Oid function = call([&]() -> Oid {
        LOCAL_FCINFO(look_up, 1);
        InitFunctionCallInfoData(*look_up, nullptr, 1, InvalidOid, nullptr, nullptr);
        look_up->args[0].value = CStringGetTextDatum(text);
        look_up->args[0].isnull = false;
        const Datum found = has_types ? to_regprocedure(look_up) : to_regproc(look_up);
        return look_up->isnull ? InvalidOid : DatumGetObjectId(found);
    });
    return OidIsValid(function) ? std::optional(function) : std::nullopt;
}

void refuse_unfit(Oid function, const Branch& branch) {
    const bool fits = call([&] {
        Oid* types = nullptr;
        int count = 0;
        (void)get_func_signature(function, &types, &count);
        return count == 1 && types[0] == JSONBOID;
    });
    if (!fits) {
        throw Failure(Code::invalid_parameter,
                      mad::format("function {} cannot be a hook", function_name(function)),
                      "A hook is called with one argument of type jsonb.");
    }
    const Rows allowed =
        query(mad::format("SELECT WHERE pg_catalog.has_function_privilege({}::pg_catalog.oid, "
                          "{}::pg_catalog.oid, 'EXECUTE')",
                          branch.owner, function));
    if (allowed.empty()) {
        throw Failure(Code::insufficient_privilege,
                      mad::format("role \"{}\" cannot execute function {}", branch.owner_name,
                                  function_name(function)),
                      "A hook runs as the owner of its branch.",
                      mad::format("Run GRANT EXECUTE ON FUNCTION {} TO {}.",
                                  function_name(function), quote_identifier(branch.owner_name)));
    }
}

}  // namespace

}  // namespace mad::pg

using namespace mad;
using namespace mad::pg;

MAD_SQL_FUNCTION(mad_migrate_add_hook) {
    const Arguments arguments(fcinfo);
    const std::string event = event_argument(arguments);
    const Branch branch = load_branch(arguments.text(1, "branch"));
    const Oid function = arguments.oid(2, "function");
    require_owner(branch.owner);
    refuse_unfit(function, branch);
    query(
        mad::format("INSERT INTO mad_migrate.hook (event, branch, function) VALUES ({}, {}, "
                    "{}::regprocedure::text) "
                    "ON CONFLICT DO NOTHING",
                    quote_literal(event), quote_literal(branch.name), function));
    return Datum{};
}

MAD_SQL_FUNCTION(mad_migrate_remove_hook) {
    const Arguments arguments(fcinfo);
    const std::string event = event_argument(arguments);
    const Branch branch = load_branch(arguments.text(1, "branch"));
    // One that was dropped is known by its name alone.
    const std::string name = arguments.text(2, "function");
    const std::optional<Oid> function = function_named(name);
    require_owner(branch.owner);
    const Rows removed = query(mad::format(
        "DELETE FROM mad_migrate.hook WHERE event = {} AND branch = {} AND function = {} "
        "RETURNING event",
        quote_literal(event), quote_literal(branch.name),
        function ? mad::format("{}::regprocedure::text", *function) : quote_literal(name)));
    if (!removed.empty()) return Datum{};
    throw Failure(Code::invalid_parameter,
                  mad::format("function {} is no {} hook of branch \"{}\"",
                              function ? function_name(*function) : name, event, branch.name),
                  {}, "See SELECT * FROM mad_migrate.hook.");
}

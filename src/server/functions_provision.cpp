// SQL entry points for organizations' databases: provision_org, deprovision_org, restore_org,
// org_database, list_org_databases, fill_pool, reconcile, adopt.
#include "core/quote.hpp"
#include "server/adopt.hpp"
#include "server/arguments.hpp"
#include "server/deprovision.hpp"
#include "server/migration_call.hpp"
#include "server/organizations.hpp"
#include "server/pool_control.hpp"
#include "server/provision.hpp"
#include "server/reconcile.hpp"
#include "server/result_set.hpp"
#include "server/settings.hpp"

namespace mad::pg {

namespace {

std::string text_of(Oid type, Datum datum) {
    const char* const text = call([&] {
        Oid output = InvalidOid;
        bool is_varlena = false;
        getTypeOutputInfo(type, &output, &is_varlena);
        return OidOutputFunctionCall(output, datum);
    });
    return text;
}

/// Text or uuid: the functions have both forms.
std::string organization_argument(FunctionCallInfo fcinfo) {
    const Arguments arguments(fcinfo);
    const bool is_uuid = call([&] { return get_fn_expr_argtype(fcinfo->flinfo, 0) == UUIDOID; });
    if (!is_uuid || fcinfo->args[0].isnull) return arguments.text(0, "organization");
    return text_of(UUIDOID, fcinfo->args[0].value);
}

std::string interval_argument(FunctionCallInfo fcinfo, int index, const char* name) {
    if (fcinfo->args[index].isnull) {
        throw Failure(Code::invalid_parameter,
                      mad::format("parameter \"{}\" must not be null", name));
    }
    return text_of(INTERVALOID, fcinfo->args[index].value);
}

Datum timestamptz_datum(const std::string& text) {
    const char* const value = text.c_str();
    return call([&] {
        return DirectFunctionCall3(timestamptz_in, CStringGetDatum(value),
                                   ObjectIdGetDatum(InvalidOid), Int32GetDatum(-1));
    });
}

}  // namespace

}  // namespace mad::pg

using namespace mad;
using namespace mad::pg;

MAD_SQL_FUNCTION(mad_migrate_provision_org) {
    const std::string id = organization_argument(fcinfo);
    return text_datum(provision(branch_of_many(Arguments(fcinfo).optional_text(1)), id));
}

MAD_SQL_FUNCTION(mad_migrate_deprovision_org) {
    const Arguments arguments(fcinfo);
    const std::string id = organization_argument(fcinfo);
    const Farewell farewell{interval_argument(fcinfo, 1, "grace"), arguments.boolean(2, "force")};
    const Branch branch = branch_of_many(arguments.optional_text(3));
    const std::optional<std::string> drop_after = deprovision(branch, id, farewell);
    if (drop_after) return timestamptz_datum(*drop_after);
    fcinfo->isnull = true;
    return Datum{};
}

MAD_SQL_FUNCTION(mad_migrate_restore_org) {
    const std::string id = organization_argument(fcinfo);
    return text_datum(restore(branch_of_many(Arguments(fcinfo).optional_text(1)), id));
}

MAD_SQL_FUNCTION(mad_migrate_fill_pool) {
    refuse_read_only("fill_pool");
    const Arguments arguments(fcinfo);
    const Branch branch = branch_of_many(arguments.optional_text(0));
    const std::optional<int> size = arguments.optional_integer(1);
    if (size && *size < 0) {
        throw Failure(Code::invalid_parameter, "parameter \"size\" must not be negative");
    }
    ResultSet results(fcinfo);
    const FillReport report =
        PoolControl(branch).fill(size ? static_cast<std::size_t>(*size) : settings::pool_size(),
                                 size ? Surplus::drop : Surplus::keep);
    results.add({std::to_string(report.cloned), std::to_string(report.dropped)});
    return Datum{};
}

MAD_SQL_FUNCTION(mad_migrate_reconcile) {
    const bool repair = Arguments(fcinfo).boolean(0, "repair");
    ResultSet results(fcinfo);
    for (const std::string& name : branches_of_many()) {
        for (const Discrepancy& found : reconcile(branch_of_many(name), repair)) {
            results.add({name, found.database,
                         found.organization.empty() ? Cell() : Cell(found.organization),
                         found.problem, found.action});
        }
    }
    return Datum{};
}

MAD_SQL_FUNCTION(mad_migrate_adopt) {
    const Arguments arguments(fcinfo);
    const Branch branch = branch_of_many(arguments.text(0, "branch"));
    return text_datum(adopt(branch, arguments.text(1, "database")));
}

MAD_SQL_FUNCTION(mad_migrate_org_database) {
    const std::string id = organization_argument(fcinfo);
    const Branch branch = branch_of_many(Arguments(fcinfo).optional_text(1));
    const std::vector<std::string> found = organizations_databases(branch, id);
    if (!found.empty()) return text_datum(found.front());
    fcinfo->isnull = true;
    return Datum{};
}

MAD_SQL_FUNCTION(mad_migrate_list_org_databases) {
    const Branch branch = branch_of_many(Arguments(fcinfo).optional_text(0));
    ResultSet results(fcinfo);
    for (const std::string& database : organizations_databases(branch, std::nullopt)) {
        results.add({database});
    }
    return Datum{};
}

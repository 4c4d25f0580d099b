// Giving a branch to another role: its databases go with it, in the caller's transaction.
#include "server/branch_owner.hpp"

#include "core/quote.hpp"
#include "engine/template_hold.hpp"
#include "engine/templates.hpp"
#include "server/host.hpp"
#include "server/identity.hpp"
#include "server/settings.hpp"
#include "server/spi.hpp"

namespace mad::pg {

namespace {

/// What another control database has is not this one's to give away.
void refuse_others_databases(const Branch& branch) {
    refuse_if_copied(databases_of(branch.name, std::nullopt));
    if (!branch.database_template) return;
    ServerHost host;
    Reactor reactor(host);
    SpiExecutor control(extension_owner(), {});
    reactor.complete(refuse_foreign_template(control, *branch.database_template, branch.name));
}

/// Until the caller's transaction ends nobody migrates or clones, and no clone is claimed, put
/// aside or dropped: each would change the same rows of the shared catalog, or rely on the owner of
/// before.
void keep_others_out(const Branch& branch) {
    std::string locks =
        mad::format("SET LOCAL lock_timeout = {};", settings::lock_timeout().count());
    locks += "LOCK TABLE mad_migrate.script IN EXCLUSIVE MODE;";
    if (branch.database_template) {
        locks += mad::format("SELECT pg_advisory_xact_lock({});", template_lock_key(branch.name));
        locks += "LOCK TABLE mad_migrate.registry IN SHARE ROW EXCLUSIVE MODE";
    }
    const std::optional<Error> error = attempt([&] { query(locks); });
    if (!error) return;
    if (!error->is(ERRCODE_LOCK_NOT_AVAILABLE)) throw Error(*error);
    throw Failure(
        Code::locked,
        mad::format("databases of branch \"{}\" are in use by another migration", branch.name),
        "Somebody migrates, clones, claims or drops some of them, or has not committed it.",
        "Wait for it and run the call again, or raise mad_migrate.lock_timeout.");
}

/// A database that several branches of that owner share stays with it.
std::vector<std::string> databases_of_owner(const Branch& branch) {
    std::vector<std::string> names;
    for (const Row& row : query_latest(mad::format(
             R"(SELECT d.datname
  FROM pg_database d JOIN mad_migrate.branch b ON b.branch = {}
 WHERE d.datdba = b.owner AND d.datname <> current_database()
   AND (d.datname IN (b.template, b.database)
        OR EXISTS (SELECT FROM mad_migrate.registry r
                    WHERE r.branch = b.branch AND r.database = d.datname AND r.server IS NULL
                      AND r.state <> 'dropping'))
   AND NOT EXISTS (SELECT FROM mad_migrate.branch other
                    WHERE other.branch <> b.branch AND other.owner = b.owner
                      AND (d.datname = other.database
                           OR EXISTS (SELECT FROM mad_migrate.registry r
                                       WHERE r.branch = other.branch AND r.database = d.datname)))
 ORDER BY d.datname)",
             quote_literal(branch.name)))) {
        names.push_back(row[0].value());
    }
    return names;
}

std::string where_to_go_on(const Branch& branch, Oid new_owner) {
    const std::string old_role = quote_identifier(branch.owner_name);
    const std::string new_role = quote_identifier(role_name(new_owner));
    std::string hint =
        branch.owner == BOOTSTRAP_SUPERUSERID
            ? mad::format("In each of them, hand it over with ALTER ... OWNER TO {}", new_role)
            : mad::format(
                  "Run REASSIGN OWNED BY {0} TO {1} in each of them, which takes along "
                  "every database that {0} still owns,",
                  old_role, new_role);
    hint += " before the next upgrade";
    if (branch.database_template) {
        hint += mad::format(", then drop the spare clones: SELECT mad_migrate.fill_pool({}, 0)",
                            quote_literal(branch.name));
    }
    return hint + ".";
}

/// No other database's objects can be reached from here in this transaction.
void tell_what_stays(const Branch& branch, Oid new_owner) {
    const auto is_superuser = [](Oid role) { return call([&] { return superuser_arg(role); }); };
    if (is_superuser(branch.owner) && is_superuser(new_owner)) return;
    const Rows rows = query_latest(mad::format(
        "SELECT count(*), min(database) FROM mad_migrate.databases WHERE branch = {} AND present "
        "AND kind <> 'pooled' AND revisions IS NOT NULL AND database <> current_database()",
        quote_literal(branch.name)));
    if (rows[0][0] == "0") return;
    const std::string message =
        mad::format("what is in databases of branch \"{}\" still belongs to role \"{}\"",
                    branch.name, branch.owner_name);
    const std::string detail = mad::format("Migrated databases: {}, the first is \"{}\".",
                                           rows[0][0].value(), rows[0][1].value());
    const std::string hint = where_to_go_on(branch, new_owner);
    const char* const what = message.c_str();
    const char* const facts = detail.c_str();
    const char* const next = hint.c_str();
    call([&] {
        ereport(NOTICE, (errmsg_internal("%s", what), errdetail_internal("%s", facts),
                         errhint("%s", next)));
    });
}

}  // namespace

void hand_over_databases(const Branch& branch, Oid new_owner) {
    if (branch.owner == new_owner || (!branch.database && !branch.database_template)) return;
    refuse_others_databases(branch);
    keep_others_out(branch);
    const std::string new_role = quote_identifier(role_name(new_owner));
    for (const std::string& database : databases_of_owner(branch)) {
        query(mad::format("ALTER DATABASE {} OWNER TO {}", quote_identifier(database), new_role));
    }
    tell_what_stays(branch, new_owner);
}

}  // namespace mad::pg

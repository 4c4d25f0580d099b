// Our own tables: branches, scripts, databases.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/plan.hpp"
#include "core/revision_graph.hpp"
#include "server/boundary.hpp"

namespace mad::pg {

struct Branch {
    std::string name;
    Oid owner = InvalidOid;
    std::string owner_name;
    std::optional<std::string> database;           // its one database; none: the control database
    std::optional<std::string> database_template;  // has many databases
    std::optional<std::string> database_pattern;   // names of those
    std::string search_path;
};

/// Throws Failure(unknown_branch).
Branch load_branch(const std::string& name);
RevisionGraph load_graph(const std::string& branch);

/// One row of view mad_migrate.databases.
struct Database {
    std::string name;
    std::string kind;
    std::string organization;
    bool present = false;
    Heads revisions;  // as the shared catalog has them
    bool is_control = false;
    std::string server;  // foreign; empty: this one
};

/// Neither the template nor its spare clones do, except for who migrates the template.
bool takes_connections(const Database& database);

/// The branch's databases, main or template first, then by name; those that match one of the
/// patterns (`*` and `?` as in a shell) where there are any. Throws Failure(unknown_database) for a
/// pattern that matches none.
std::vector<Database> databases_of(const std::string& branch,
                                   const std::optional<std::vector<std::string>>& patterns);

/// Until the transaction ends, nobody edits or removes a script, or drops a branch.
void hold_scripts();
/// The same, also across transactions, until it goes out of scope.
class HeldScripts {
 public:
    HeldScripts();
    HeldScripts(const HeldScripts&) = delete;
    HeldScripts& operator=(const HeldScripts&) = delete;
    ~HeldScripts();

 private:
    LockRelId lock_;
};

/// Waits until nobody holds the scripts.
void lock_scripts_for_editing();

/// Throws Failure(active_transaction) where the caller's own transaction created or altered it.
void refuse_uncommitted_branch(const Branch& branch);

/// Throws Failure(copied_control) if any of them but this one belongs to the database that this one
/// was copied from.
void refuse_if_copied(const std::vector<Database>& databases);

/// The version rows of a branch in the control database itself.
Heads own_heads(const std::string& branch);

/// The databases in which a revision is applied, as far as the control database knows.
std::vector<std::string> databases_with(const std::string& branch, const RevisionGraph& graph,
                                        std::string_view revision);

/// For a DETAIL: in which databases something is applied; there is at least one.
std::string say_where_applied(const std::vector<std::string>& databases);

/// The call that downgrades all of its databases, for a HINT.
std::string downgrade_call(const Branch& branch, const std::string& target);

/// Items of an array that a query joined with commas.
std::vector<std::string> items_of(const std::optional<std::string>& joined);

}  // namespace mad::pg

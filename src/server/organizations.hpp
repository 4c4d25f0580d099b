// Organizations: which branch has their databases, and what each is called.
#pragma once

#include <optional>
#include <string>

#include "server/catalog.hpp"
#include "server/claim.hpp"

namespace mad::pg {

std::vector<std::string> branches_of_many();
/// The branch of that name, else the one branch with a template, else "results" where there are
/// several; nothing where no branch has a template. Throws Failure.
std::optional<Branch> find_branch_of_many(const std::optional<std::string>& name);
/// Throws Failure(unknown_branch) where no branch has a template.
Branch branch_of_many(const std::optional<std::string>& name);

/// With the name that its database is to have. Throws Failure where that can be no database's, or
/// is one of our own.
Organization organization_named(const Branch& branch, const std::string& id);
/// From now on nobody else provisions or deprovisions it until this transaction ends.
void lock(const Organization& organization);
/// The one, then the other.
Organization lock_organization(const Branch& branch, const std::string& id);

/// Names of the databases of all organizations, or of one.
std::vector<std::string> organizations_databases(const Branch& branch,
                                                 const std::optional<std::string>& id);

/// A database of ours that is not where the registry says.
Failure database_gone(const Organization& organization);
/// An organization that has a database, put aside, cannot adopt another one.
Failure name_taken(const Organization& organization, bool can_adopt);

}  // namespace mad::pg

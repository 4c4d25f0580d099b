// Names made from other names: file names, version tables, settings.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace mad {

/// Throws Failure(invalid_identifier) unless `[a-z][a-z0-9_]{0,39}`: a branch names a table and a
/// setting.
void check_branch_name(std::string_view branch);
std::string version_table(std::string_view branch);      // alembic_version_results
std::string version_table_sql(std::string_view branch);  // mad_migrate."alembic_version_results"
std::string revision_setting(std::string_view branch);   // mad_revision.results
/// `<revision>_<slug of the message>.sql`, as Alembic makes it (slug cut to 40 at a word's end).
std::string script_filename(std::string_view revision, std::string_view message);

/// An organization's id in the one form it is known by: a UUID in lower case, anything else as is.
std::string organization_key(std::string_view id);
/// The pattern with the organization's id for {org_id}. Throws Failure(invalid_identifier) where
/// that cannot be a database's name.
std::string organization_database(std::string_view pattern, std::string_view id);
/// The organization whose database of that name would be; none where the pattern does not fit.
std::optional<std::string> organization_of(std::string_view pattern, std::string_view database);

}  // namespace mad

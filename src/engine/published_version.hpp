// A database's version as the shared catalog has it, in SQL.
#pragma once

#include <string>
#include <string_view>

namespace mad {

/// A scalar subquery: the whole setting, "mad_revision.<branch>=<heads>", or NULL. `database` is an
/// SQL expression of the database's name.
std::string published_version_sql(std::string_view database, std::string_view branch);

}  // namespace mad

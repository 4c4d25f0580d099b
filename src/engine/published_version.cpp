// A database's version as the shared catalog has it, in SQL.
#include "engine/published_version.hpp"

#include <fmt/format.h>

#include "core/naming.hpp"
#include "core/quote.hpp"

namespace mad {

std::string published_version_sql(std::string_view database, std::string_view branch) {
    return fmt::format(
        "(SELECT entry FROM pg_catalog.pg_database published "
        "JOIN pg_catalog.pg_db_role_setting s ON s.setdatabase = published.oid AND s.setrole = 0 "
        "CROSS JOIN pg_catalog.unnest(s.setconfig) entry "
        "WHERE published.datname = {} AND pg_catalog.starts_with(entry, {}))",
        database, quote_literal(revision_setting(branch) + "="));
}

}  // namespace mad

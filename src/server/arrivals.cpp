// Organizations' databases that appear while a run goes on.
#include "server/arrivals.hpp"

#include "server/claim.hpp"
#include "server/spi.hpp"

namespace mad::pg {

namespace {

using namespace std::chrono_literals;

/// The lock is held for the length of a commit, unless somebody had constraints checked at once.
constexpr auto patience = 10s;

bool nobody_arrives(const std::string& branch) {
    const std::string key = arrivals_lock(branch);
    const Rows rows =
        query(mad::format("SELECT CASE WHEN pg_catalog.pg_try_advisory_lock({0}) THEN "
                          "pg_catalog.pg_advisory_unlock({0}) ELSE false END",
                          key));
    return rows[0][0] == "t";
}

}  // namespace

void wait_for_arrivals(Host& host, const std::string& branch) {
    const TimePoint deadline = host.now() + patience;
    while (!nobody_arrives(branch)) {
        if (host.now() >= deadline) {
            host.say({Notice::Level::warning,
                      "organizations are being provisioned in transactions that do not end",
                      "Their databases may stay behind.",
                      "Run the call again when they have ended."});
            return;
        }
        host.wait({}, host.now() + 5ms);
    }
}

}  // namespace mad::pg

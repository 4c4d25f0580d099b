// What the caller is told of a run while it goes, and the error that ends it when databases failed.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/host.hpp"
#include "engine/ledger.hpp"
#include "server/migration_call.hpp"

namespace mad::pg {

class RunReport {
 public:
    RunReport(Host& host, const MigrationCall& call) : host_(host), call_(call) {}

    void expect(std::size_t databases) { expected_ += databases; }
    void tell(const DatabaseOutcome& outcome);
    /// Throws Failure when databases failed. Of one database its failure is the call's own; of
    /// several, one error counts them and names the first and the run.
    void raise_failures(std::int64_t run) const;

 private:
    std::string describe(const DatabaseOutcome& outcome) const;
    void tell_of_one(const DatabaseOutcome& outcome);
    void tell_of_many(const DatabaseOutcome& outcome);
    bool is_due();

    Host& host_;
    const MigrationCall& call_;
    std::size_t expected_ = 0;
    std::size_t told_ = 0;  // outcomes, said or not
    std::size_t failed_ = 0;
    std::optional<Failure> first_failure_;
    std::vector<std::string> first_failures_;  // a line each
    TimePoint next_;
};

}  // namespace mad::pg

// What the caller is told of a run while it goes, and the error that ends it when databases failed.
#include "server/run_report.hpp"

#include "core/target.hpp"
#include "core/text.hpp"

namespace mad::pg {

namespace {

using namespace std::chrono_literals;

constexpr std::size_t failures_named = 10;
/// A fleet of more databases is told of now and then.
constexpr std::size_t each_is_told_of = 100;
constexpr auto now_and_then = 1s;

std::string describe_heads(const Heads& heads) {
    const std::vector<std::string> ids(heads.begin(), heads.end());
    return ids.empty() ? "<base>" : join(ids, ", ");
}

std::string describe_move(const DatabaseOutcome& outcome) {
    return mad::format("{} -> {}", describe_heads(outcome.result.before),
                       describe_heads(outcome.result.after));
}

std::string describe_rehearsal(const DatabaseOutcome& outcome) {
    const std::string& end = outcome.result.unrehearsed;
    if (outcome.result.steps == 0) {
        return mad::format("not rehearsed: revision \"{}\" cannot be rolled back", end);
    }
    return mad::format(
        "rehearsed {}{}", describe_move(outcome),
        end.empty() ? ""
                    : mad::format(", up to revision \"{}\", which cannot be rolled back", end));
}

std::string describe_failure(const DatabaseOutcome& outcome) {
    const Report& report = outcome.failure->report();
    return mad::format("{}{}{} ({})", report.place, report.place.empty() ? "" : ": ",
                       report.message, report.sqlstate);
}

std::string describe_duration(std::chrono::microseconds duration) {
    if (duration < 10s) {
        return mad::format("{} ms",
                           std::chrono::duration_cast<std::chrono::milliseconds>(duration).count());
    }
    return mad::format("{:.1f} s", std::chrono::duration<double>(duration).count());
}

}  // namespace

void RunReport::tell(const DatabaseOutcome& outcome) {
    ++told_;
    if (outcome.failure) {
        if (++failed_ == 1) first_failure_ = outcome.failure;
        if (first_failures_.size() < failures_named) {
            first_failures_.push_back(
                mad::format("{}: {}", outcome.database, describe_failure(outcome)));
        }
    }
    const bool is_news = outcome.result.steps > 0 || !outcome.result.unrehearsed.empty();
    if (outcome.skipped || (!outcome.failure && !is_news)) return;
    if (expected_ <= 1) {
        tell_of_one(outcome);
    } else {
        tell_of_many(outcome);
    }
}

std::string RunReport::describe(const DatabaseOutcome& outcome) const {
    return call_.dry_run ? describe_rehearsal(outcome) : describe_move(outcome);
}

void RunReport::tell_of_one(const DatabaseOutcome& outcome) {
    if (outcome.failure) return;
    host_.say({Notice::Level::notice,
               mad::format("{} of branch \"{}\" in database \"{}\": {}", name_of(call_.direction),
                           call_.branch, outcome.database, describe(outcome)),
               {},
               {}});
}

void RunReport::tell_of_many(const DatabaseOutcome& outcome) {
    if (!outcome.failure && !is_due()) return;
    const std::string total = std::to_string(expected_);
    const std::string count =
        mad::format("[{:>{}}/{}] {}", told_, total.size(), total, outcome.database);
    if (outcome.failure) {
        host_.say({Notice::Level::warning, mad::format("{}  {}", count, describe_failure(outcome)),
                   outcome.failure->report().detail, outcome.failure->report().hint});
        return;
    }
    host_.say(
        {Notice::Level::notice,
         mad::format("{}  {}  {}", count, describe(outcome), describe_duration(outcome.duration)),
         {},
         {}});
}

/// Small fleets: always. Large ones: once a second, and the last.
bool RunReport::is_due() {
    if (expected_ <= each_is_told_of || told_ == expected_) return true;
    const TimePoint now = host_.now();
    if (now < next_) return false;
    next_ = now + now_and_then;
    return true;
}

void RunReport::raise_failures(std::int64_t run) const {
    if (failed_ == 0) return;
    if (expected_ == 1) throw Failure(*first_failure_);
    std::vector<std::string> lines = first_failures_;
    if (failed_ > lines.size()) {
        lines.push_back(mad::format("... and {} more", failed_ - lines.size()));
    }
    // Again, a relative target would move those that are done once more.
    const bool is_relative = parse_target(call_.target).offset.has_value();
    throw Failure(
        Code::run_failed,
        mad::format("{} of branch \"{}\" failed in {} of {} databases", name_of(call_.direction),
                    call_.branch, failed_, expected_),
        join(lines, "\n"),
        mad::format("See SELECT * FROM mad_migrate.run_database WHERE run = {}. Mend the cause and "
                    "run the call again: {}.",
                    run,
                    is_relative ? "name the databases that failed, and no others"
                                : "it does only what is left"));
}

}  // namespace mad::pg

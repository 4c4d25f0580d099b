// Which databases have something to do, judged by their heads alone.
#include "core/triage.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "core/failure.hpp"

namespace mad {

namespace {

/// Failures that depend on the text of the target and on nothing that a database holds.
bool concerns_target(const Failure& failure) {
    constexpr std::array codes{Code::unknown_revision, Code::ambiguous_revision,
                               Code::invalid_target, Code::multiple_heads};
    return std::ranges::any_of(codes, [&](Code code) { return failure.is(code); });
}

}  // namespace

Triage::Triage(const RevisionGraph& graph, Direction direction, std::string target)
    : graph_(graph), direction_(direction), target_(std::move(target)) {
    try {
        make_plan(graph_, {}, direction_, target_);
    } catch (const Failure& failure) {
        if (concerns_target(failure)) throw;
    }
}

bool Triage::is_there(const Heads& heads) {
    if (const auto seen = seen_.find(heads); seen != seen_.end()) return seen->second;
    return seen_.emplace(heads, has_empty_plan(heads)).first->second;
}

bool Triage::has_empty_plan(const Heads& heads) const {
    try {
        return make_plan(graph_, heads, direction_, target_).empty();
    } catch (const Failure&) {
        return false;
    }
}

}  // namespace mad

// The text that says where to go: `head`, `base`, `+2`, `ae10+1`, `label@head`, a unique prefix,
// `a,b`.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/revision_graph.hpp"

namespace mad {

/// One target taken apart; nothing in it is looked up yet.
struct Target {
    std::string text;                    // as given, for messages
    std::optional<std::string> branch;   // what stands before `@`
    std::string symbol;                  // empty only in a bare relative target
    std::optional<std::int64_t> offset;  // `+N`, `-N`
};

/// Throws Failure(invalid_target).
Target parse_target(std::string_view text);
/// Several with commas.
std::vector<Target> parse_targets(std::string_view text);

/// The nodes an absolute identifier names (none for `base`, several for `heads`); see
/// alembic-semantics 3.2, 3.3.
std::vector<Node> resolve(const RevisionGraph& graph, const Target& target);
/// The one node that an id, label or unique prefix names.
Node resolve_one(const RevisionGraph& graph, std::string_view identifier);

}  // namespace mad

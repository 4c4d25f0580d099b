// What somebody may have meant who mistyped a name.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace mad {

/// The candidate that takes the fewest insertions, deletions and replacements of bytes to become
/// `word`; none where even that takes more than three, or more than half of it, or where several
/// take as few.
std::optional<std::string_view> most_similar(std::string_view word,
                                             std::span<const std::string_view> candidates);
/// A HINT that names it, or the other HINT where there is none.
std::string perhaps_meant(std::string_view word, std::span<const std::string_view> candidates,
                          std::string_view otherwise);

}  // namespace mad

// What somebody may have meant who mistyped a name.
#include "core/similar.hpp"

#include <algorithm>
#include <numeric>
#include <utility>
#include <vector>

#include "core/format.hpp"

namespace mad {
namespace {

constexpr std::size_t most_changes = 3;

std::size_t length_difference(std::string_view a, std::string_view b) {
    return std::max(a.size(), b.size()) - std::min(a.size(), b.size());
}

/// Levenshtein's distance, one row of its table at a time.
std::size_t changes_between(std::string_view from, std::string_view to) {
    std::vector<std::size_t> row(to.size() + 1);
    std::iota(row.begin(), row.end(), std::size_t{0});
    for (std::size_t i = 0; i < from.size(); ++i) {
        std::size_t diagonal = std::exchange(row[0], i + 1);
        for (std::size_t j = 0; j < to.size(); ++j) {
            const std::size_t replaced = diagonal + (from[i] == to[j] ? 0 : 1);
            diagonal = row[j + 1];
            row[j + 1] = std::min({replaced, row[j] + 1, row[j + 1] + 1});
        }
    }
    return row.back();
}

}  // namespace

std::optional<std::string_view> most_similar(std::string_view word,
                                             std::span<const std::string_view> candidates) {
    std::optional<std::string_view> best;
    std::size_t fewest = std::min(most_changes, word.size() / 2) + 1;
    for (const std::string_view candidate : candidates) {
        if (length_difference(word, candidate) > fewest) continue;
        const std::size_t changes = changes_between(word, candidate);
        if (changes == fewest) best.reset();
        if (changes >= fewest) continue;
        fewest = changes;
        best = candidate;
    }
    return best;
}

std::string perhaps_meant(std::string_view word, std::span<const std::string_view> candidates,
                          std::string_view otherwise) {
    const std::optional<std::string_view> meant = most_similar(word, candidates);
    return meant ? mad::format("Perhaps you meant \"{}\".", *meant) : std::string(otherwise);
}

}  // namespace mad

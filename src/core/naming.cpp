// Names made from other names.
#include "core/naming.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "core/failure.hpp"

namespace mad {
namespace {

constexpr std::size_t longest_branch_name = 40;
constexpr std::size_t longest_slug = 40;  // Alembic's truncate_slug_length

constexpr bool is_lower(char c) noexcept {
    return c >= 'a' && c <= 'z';
}
constexpr bool is_upper(char c) noexcept {
    return c >= 'A' && c <= 'Z';
}
constexpr bool is_digit(char c) noexcept {
    return c >= '0' && c <= '9';
}
constexpr bool is_ascii(char c) noexcept {
    return static_cast<unsigned char>(c) < 0x80;
}
constexpr char to_lower(char c) noexcept {
    return is_upper(c) ? static_cast<char>(c - 'A' + 'a') : c;
}

bool is_branch_name(std::string_view text) {
    const auto may_follow = [](char c) { return is_lower(c) || is_digit(c) || c == '_'; };
    return !text.empty() && text.size() <= longest_branch_name && is_lower(text.front()) &&
           std::ranges::all_of(text, may_follow);
}

/// Python's `\w`, every character beyond ASCII taken for a letter.
bool is_word(char c) noexcept {
    return is_lower(c) || is_upper(c) || is_digit(c) || c == '_' || !is_ascii(c);
}

std::string words_of(std::string_view message) {
    std::string words;
    bool between = false;
    for (const char c : message) {
        if (is_word(c)) {
            if (between && !words.empty()) words += '_';
            words += to_lower(c);
        }
        between = !is_word(c);
    }
    return words;
}

/// The first `count` characters of UTF-8 text.
std::string_view first_characters(std::string_view text, std::size_t count) {
    std::size_t end = 0;
    while (end < text.size()) {
        const bool starts_character = (static_cast<unsigned char>(text[end]) & 0xC0) != 0x80;
        if (starts_character && count-- == 0) break;
        ++end;
    }
    return text.substr(0, end);
}

std::string slug_of(std::string_view message) {
    std::string words = words_of(message);
    const std::string_view cut = first_characters(words, longest_slug);
    if (cut.size() == words.size()) return words;
    return std::string(cut.substr(0, cut.rfind('_'))) += '_';
}

}  // namespace

void check_branch_name(std::string_view branch) {
    if (is_branch_name(branch)) return;
    throw Failure(Code::invalid_identifier, fmt::format("invalid branch name \"{}\"", branch),
                  fmt::format("A branch name starts with a lower-case letter and goes on with "
                              "lower-case letters, digits and underscores, at most {} in all.",
                              longest_branch_name),
                  "Choose a name such as \"results\".");
}

std::string version_table(std::string_view branch) {
    return fmt::format("alembic_version_{}", branch);
}

std::string revision_setting(std::string_view branch) {
    return fmt::format("mad_revision.{}", branch);
}

std::string script_filename(std::string_view revision, std::string_view message) {
    return fmt::format("{}_{}.sql", revision, slug_of(message));
}

}  // namespace mad

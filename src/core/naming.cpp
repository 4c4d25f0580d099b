// Names made from other names.
#include "core/naming.hpp"

#include <algorithm>

#include "core/failure.hpp"
#include "core/format.hpp"
#include "core/quote.hpp"

namespace mad {
namespace {

constexpr std::size_t longest_branch_name = 40;
constexpr std::size_t longest_slug = 40;  // Alembic's truncate_slug_length
constexpr std::size_t longest_database_name = 63;
constexpr std::string_view organization_place = "{org_id}";
constexpr std::string_view uuid_shape = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";

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

constexpr bool is_hexadecimal(char c) noexcept {
    return is_digit(c) || (to_lower(c) >= 'a' && to_lower(c) <= 'f');
}
constexpr bool is_control(char c) noexcept {
    return static_cast<unsigned char>(c) < 0x20 || c == 0x7F;
}

bool is_uuid(std::string_view text) {
    return std::ranges::equal(text, uuid_shape, [](char c, char shape) {
        return shape == 'x' ? is_hexadecimal(c) : c == shape;
    });
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

std::string replaced(std::string_view pattern, std::string_view id) {
    std::string name(pattern);
    for (std::size_t at = name.find(organization_place); at != std::string::npos;
         at = name.find(organization_place, at + id.size())) {
        name.replace(at, organization_place.size(), id);
    }
    return name;
}

Failure no_database_name(std::string_view id, std::string detail) {
    return Failure(Code::invalid_identifier,
                   mad::format("organization \"{}\" cannot have a database", id), std::move(detail),
                   "Give the organization an id that can be part of a database's name.");
}

}  // namespace

void check_branch_name(std::string_view branch) {
    if (is_branch_name(branch)) return;
    throw Failure(Code::invalid_identifier, mad::format("invalid branch name \"{}\"", branch),
                  mad::format("A branch name starts with a lower-case letter and goes on with "
                              "lower-case letters, digits and underscores, at most {} in all.",
                              longest_branch_name),
                  "Choose a name such as \"results\".");
}

std::string version_table(std::string_view branch) {
    return mad::format("alembic_version_{}", branch);
}

std::string version_table_sql(std::string_view branch) {
    return "mad_migrate." + quote_identifier(version_table(branch));
}

std::string revision_setting(std::string_view branch) {
    return mad::format("mad_revision.{}", branch);
}

std::string script_filename(std::string_view revision, std::string_view message) {
    return mad::format("{}_{}.sql", revision, slug_of(message));
}

std::string organization_key(std::string_view id) {
    std::string key(id);
    if (is_uuid(id)) std::ranges::transform(key, key.begin(), to_lower);
    return key;
}

std::string organization_database(std::string_view pattern, std::string_view id) {
    if (id.empty()) throw no_database_name(id, "Its id is empty.");
    if (std::ranges::any_of(id, is_control)) {
        throw no_database_name("?", "Its id has a line break or another control character in it.");
    }
    if (id.find_first_of("*?") != std::string_view::npos) {
        throw no_database_name(id, "Where databases are named, * and ? stand for others.");
    }
    const std::string name = replaced(pattern, id);
    if (name.size() > longest_database_name) {
        throw no_database_name(id, mad::format("Name \"{}\" has {} bytes; at most {} are possible.",
                                               name, name.size(), longest_database_name));
    }
    return name;
}

std::optional<std::string> organization_of(std::string_view pattern, std::string_view database) {
    const std::size_t at = pattern.find(organization_place);
    const std::size_t places =
        (pattern.size() - replaced(pattern, "").size()) / organization_place.size();
    const std::size_t fixed = pattern.size() - places * organization_place.size();
    if (database.size() <= fixed || (database.size() - fixed) % places != 0) return std::nullopt;
    std::string id(database.substr(at, (database.size() - fixed) / places));
    if (organization_key(id) != id || replaced(pattern, id) != database) return std::nullopt;
    if (id.find_first_of("*?") != std::string::npos) return std::nullopt;
    return id;
}

}  // namespace mad

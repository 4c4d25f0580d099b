// A script's sections: what stands behind each `-- migrate:` marker.
#include "core/script.hpp"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <utility>

#include "core/format.hpp"
#include "core/lexer.hpp"
#include "core/script_header.hpp"
#include "core/script_text.hpp"
#include "core/text.hpp"

namespace mad {
namespace {

using Kind = Lexeme::Kind;

constexpr std::string_view marker_word = "migrate:";
constexpr std::string_view environment_word = "environment=";

/// A marker line, as found: the section it opens and where its line is.
struct Marker {
    Direction direction = Direction::upgrade;
    std::string environment;
    std::size_t start = 0;
    std::size_t end = 0;
};

constexpr bool may_name_environment(char c) noexcept {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-';
}

/// What a line comment says.
std::string_view words_of(std::string_view comment) {
    constexpr std::size_t dashes = 2;
    return trim(comment.substr(dashes));
}

/// Whether a line comment is meant as a marker, well written or not.
bool is_marker(std::string_view comment) {
    return equal_ignoring_case(words_of(comment).substr(0, marker_word.size()), marker_word);
}

bool is_alone_on_its_line(std::string_view text, std::size_t start) {
    const std::string_view before = text.substr(0, start);
    return trim(before.substr(before.rfind('\n') + 1)).empty();
}

std::optional<Direction> section_direction(std::string_view name) {
    if (name == name_of(Direction::upgrade)) return Direction::upgrade;
    if (name == name_of(Direction::downgrade)) return Direction::downgrade;
    return std::nullopt;
}

/// The part of a marker behind its direction; nullopt: it is not `environment=NAME`.
std::optional<std::string> environment_of(std::string_view rest) {
    if (rest.empty()) return std::string();
    if (!rest.starts_with(environment_word)) return std::nullopt;
    rest.remove_prefix(environment_word.size());
    if (rest.empty() || !std::ranges::all_of(rest, may_name_environment)) return std::nullopt;
    return std::string(rest);
}

Marker parse_marker(const ScriptText& text, std::size_t start, std::size_t end) {
    const std::string line = one_line(words_of(text.view().substr(start, end - start)));
    const std::string_view words = std::string_view(line).substr(marker_word.size());
    const std::size_t blank = std::min(words.find(' '), words.size());
    const auto direction = section_direction(words.substr(0, blank));
    const auto environment = environment_of(trim(words.substr(blank)));
    if (!direction || !environment || !line.starts_with(marker_word) ||
        !is_alone_on_its_line(text.view(), start)) {
        throw text.invalid(text.line_at(start), mad::format("invalid section marker \"{}\"", line),
                           "A marker is \"-- migrate:upgrade\" or \"-- migrate:downgrade\", with "
                           "\" environment=NAME\" or without, on a line of its own.",
                           "Correct the line.");
    }
    return {*direction, *environment, start, end};
}

void check_terminated(const ScriptText& text, std::size_t start, const Lexeme& lexeme) {
    if (lexeme.terminated) return;
    throw text.invalid(text.line_at(start),
                       lexeme.kind == Kind::quoted ? "unterminated quoted text in the script"
                                                   : "unterminated comment in the script",
                       "What begins here does not end.", "Close the quote or the comment.");
}

void check_nothing_before_sections(const ScriptText& text, std::size_t start, Kind kind) {
    if (kind != Kind::quoted && kind != Kind::other) return;
    throw text.invalid(text.line_at(start), "statement before the script's first section",
                       "Between the header and the first marker there may only be comments.",
                       "Put \"-- migrate:upgrade\" on a line before the statement.");
}

std::vector<Marker> find_markers(const ScriptText& text, std::size_t from) {
    std::vector<Marker> markers;
    const std::string_view view = text.view();
    for (std::size_t at = from; at < view.size();) {
        const Lexeme lexeme = lexeme_at(view, at);
        check_terminated(text, at, lexeme);
        const std::string_view piece = view.substr(at, lexeme.end - at);
        if (lexeme.kind == Kind::line_comment && is_marker(piece)) {
            markers.push_back(parse_marker(text, at, lexeme.end));
        } else if (markers.empty()) {
            check_nothing_before_sections(text, at, lexeme.kind);
        }
        at = lexeme.end;
    }
    return markers;
}

Section make_section(const ScriptText& text, const Marker& marker, std::size_t end) {
    const std::string_view view = text.view();
    const std::string_view body = trim_blank_lines(view.substr(marker.end, end - marker.end));
    const bool empty = body.empty();
    const auto start = empty ? marker.end : static_cast<std::size_t>(body.data() - view.data());
    return {marker.direction, marker.environment, std::string(body),
            text.line_at(start) + (empty ? 1 : 0)};
}

void add_section(const ScriptText& text, Section section, int line,
                 std::vector<Section>& sections) {
    const auto same = std::ranges::find_if(sections, [&](const Section& other) {
        return other.direction == section.direction && other.environment == section.environment;
    });
    if (same != sections.end()) {
        throw text.invalid(line, mad::format("section \"{}\" is given twice", section.name()),
                           mad::format("The other one's text begins at line {}.", same->first_line),
                           "Put the statements of both into one section.");
    }
    sections.push_back(std::move(section));
}

std::vector<Section> parse_sections(const ScriptText& text, std::size_t from) {
    const std::vector<Marker> markers = find_markers(text, from);
    std::vector<Section> sections;
    for (std::size_t i = 0; i < markers.size(); ++i) {
        const std::size_t end = i + 1 < markers.size() ? markers[i + 1].start : text.view().size();
        add_section(text, make_section(text, markers[i], end), text.line_at(markers[i].start),
                    sections);
    }
    return sections;
}

bool has_section(const Script& script, Direction direction) {
    return std::ranges::find(script.sections, direction, &Section::direction) !=
           script.sections.end();
}

/// `line` is where the script ends, which is where a missing section would be added.
void check_complete(const ScriptText& text, const Script& script, int line) {
    if (!has_section(script, Direction::upgrade)) {
        throw text.invalid(line, "script has no upgrade section",
                           "No line \"-- migrate:upgrade\" was found up to here.",
                           "Put \"-- migrate:upgrade\" on a line before the script's statements.");
    }
    const bool has_downgrade = has_section(script, Direction::downgrade);
    if (has_downgrade && script.irreversible) {
        throw text.invalid(line, "irreversible script has a downgrade section",
                           "Its header has the key \"Irreversible\".", "Remove one of the two.");
    }
    if (!has_downgrade && !script.irreversible) {
        throw text.invalid(line, "script has no downgrade section",
                           "No line \"-- migrate:downgrade\" was found up to here.",
                           "Add the section, or the line \"Irreversible: <reason>\" to the "
                           "header.");
    }
}

}  // namespace

std::string Section::name() const {
    std::string name(name_of(direction));
    if (!environment.empty()) name += mad::format(" {}{}", environment_word, environment);
    return name;
}

Script parse_script(std::string_view raw, std::string_view filename) {
    const ScriptText text(raw, filename);
    Header header = parse_header(text);
    Script script = std::move(header.script);
    script.sections = parse_sections(text, header.end);
    check_complete(text, script, text.line_at(text.view().size()));
    return script;
}

const Section* find_section(const Script& script, Direction direction,
                            std::string_view environment) {
    const Section* plain = nullptr;
    for (const Section& section : script.sections) {
        if (section.direction != direction) continue;
        if (section.environment.empty())
            plain = &section;
        else if (section.environment == environment)
            return &section;
    }
    return plain;
}

}  // namespace mad

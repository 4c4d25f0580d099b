// Alembic's docstring, read from a SQL comment: a message, then lines of `Key: value`.
#include "core/script_header.hpp"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "core/format.hpp"
#include "core/lexer.hpp"
#include "core/naming.hpp"
#include "core/text.hpp"

namespace mad {
namespace {

struct Line {
    int number = 0;
    std::string_view text;  // trimmed
};

struct Field {
    int line = 0;
    std::string_view key;
    std::string_view value;  // empty: as if the key were absent
};

constexpr bool is_letter(char c) noexcept {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/// What stands before the colon of a line that looks like `Key: value`.
std::optional<std::string_view> key_of(std::string_view line) {
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos || colon == 0) return std::nullopt;
    const std::string_view key = trim(line.substr(0, colon));
    const auto belongs = [](char c) { return is_letter(c) || c == ' '; };
    if (!std::ranges::all_of(key, belongs)) return std::nullopt;
    return key;
}

std::optional<std::string_view> known_key(std::string_view key) {
    const auto found = std::ranges::find_if(
        header_key::all, [key](std::string_view known) { return equal_ignoring_case(known, key); });
    if (found == header_key::all.end()) return std::nullopt;
    return *found;
}

bool has_known_key(const Line& line) {
    const auto key = key_of(line.text);
    return key && known_key(*key);
}

std::string known_keys() {
    return mad::format("Known keys: {}.", join(header_key::all, ", "));
}

std::vector<Line> lines_of(std::string_view comment, int first_line) {
    std::vector<Line> lines;
    for (int number = first_line;; ++number) {
        const std::size_t end = comment.find('\n');
        lines.push_back({number, trim(comment.substr(0, end))});
        if (end == std::string_view::npos) return lines;
        comment.remove_prefix(end + 1);
    }
}

/// The first paragraph, on one line.
std::string message_of(std::span<const Line> lines) {
    std::string message;
    for (const Line& line : lines) {
        if (line.text.empty() && !message.empty()) break;
        message += line.text;
        message += ' ';
    }
    return one_line(message);
}

Failure unknown_key(const ScriptText& text, const Line& line, std::string_view key) {
    return text.invalid(line.number, mad::format("unknown header key \"{}\"", key), known_keys(),
                        "Correct the key, or put an empty line between a message and the keys.");
}

/// A misspelt key in front of the first good one must not pass for a message.
void check_no_key_above(const ScriptText& text, std::span<const Line> above) {
    for (auto line = above.rbegin(); line != above.rend() && !line->text.empty(); ++line) {
        if (const auto key = key_of(line->text)) throw unknown_key(text, *line, *key);
    }
}

Field parse_field(const ScriptText& text, const Line& line) {
    const auto written = key_of(line.text);
    if (!written) {
        throw text.invalid(line.number, mad::format("invalid header line \"{}\"", line.text),
                           "From the first key on, each line of the header is \"Key: value\".",
                           "Put text above the keys, or into a comment of its own.");
    }
    const auto key = known_key(*written);
    if (!key) throw unknown_key(text, line, *written);
    return {line.number, *key, trim(line.text.substr(line.text.find(':') + 1))};
}

std::vector<Field> parse_fields(const ScriptText& text, std::span<const Line> lines) {
    std::vector<Field> fields;
    for (const Line& line : lines) {
        if (line.text.empty()) continue;
        const Field field = parse_field(text, line);
        const auto same = std::ranges::find(fields, field.key, &Field::key);
        if (same != fields.end()) {
            throw text.invalid(
                line.number, mad::format("header key \"{}\" is given twice", field.key),
                mad::format("It stands at line {} already.", same->line), "Remove one of the two.");
        }
        fields.push_back(field);
    }
    return fields;
}

/// Runs a check of another part and says where in the script it failed.
template <typename Check>
auto located(const ScriptText& text, int line, Check check) {
    try {
        return check();
    } catch (const Failure& failure) {
        throw text.located(line, failure);
    }
}

std::vector<std::string> parse_identifiers(const ScriptText& text, const Field& field,
                                           std::string_view kind) {
    std::vector<std::string> identifiers = split_list(field.value);
    for (const std::string& identifier : identifiers) {
        located(text, field.line, [&] { check_identifier(kind, identifier); });
    }
    const auto twice = std::ranges::find_if(identifiers, [&](const std::string& identifier) {
        return std::ranges::count(identifiers, identifier) > 1;
    });
    if (twice != identifiers.end()) {
        throw text.invalid(
            field.line,
            mad::format("\"{}\" is named twice by header key \"{}\"", *twice, field.key), {},
            "Remove one of the two.");
    }
    return identifiers;
}

Requirement parse_requirement(const ScriptText& text, const Field& field, std::string_view item) {
    const std::size_t at = item.find('@');
    if (at == std::string_view::npos) {
        throw text.invalid(field.line, mad::format("invalid requirement \"{}\"", item),
                           "A requirement names a revision of another branch.",
                           "Write it as branch@revision, such as \"metadata@004_meta\".");
    }
    Requirement requirement{std::string(item.substr(0, at)), std::string(item.substr(at + 1))};
    located(text, field.line, [&] {
        check_branch_name(requirement.branch);
        check_identifier("revision", requirement.revision);
    });
    return requirement;
}

bool parse_switch(const ScriptText& text, const Field& field) {
    if (equal_ignoring_case(field.value, "on")) return true;
    if (equal_ignoring_case(field.value, "off")) return false;
    throw text.invalid(
        field.line,
        mad::format("invalid value \"{}\" of header key \"{}\"", field.value, field.key), {},
        "Write \"Transaction: off\", or leave the line out.");
}

void set_field(const ScriptText& text, const Field& field, Script& script) {
    Revision& revision = script.revision;
    if (field.key == header_key::revision_id) {
        located(text, field.line, [&] { check_identifier("revision", field.value); });
        revision.id = field.value;
    } else if (field.key == header_key::revises) {
        revision.down_revisions = parse_identifiers(text, field, "revision");
    } else if (field.key == header_key::branch_labels) {
        revision.labels = parse_identifiers(text, field, "label");
    } else if (field.key == header_key::depends_on) {
        revision.depends_on = parse_identifiers(text, field, "revision");
    } else if (field.key == header_key::create_date) {
        script.create_date = field.value;
    } else if (field.key == header_key::needs) {
        for (const std::string& item : split_list(field.value)) {
            script.requirements.push_back(parse_requirement(text, field, item));
        }
    } else if (field.key == header_key::transaction) {
        script.transactional = parse_switch(text, field);
    } else {
        script.irreversible = one_line(field.value);
    }
}

Script parse_comment(const ScriptText& text, std::string_view comment, int first_line) {
    const std::vector<Line> lines = lines_of(comment, first_line);
    const auto first_key = std::ranges::find_if(lines, has_known_key);
    const std::span above(lines.begin(), first_key);

    Script script;
    script.message = message_of(above);
    if (first_key != lines.end()) check_no_key_above(text, above);
    for (const Field& field : parse_fields(text, std::span(first_key, lines.end()))) {
        if (!field.value.empty()) set_field(text, field, script);
    }
    if (script.revision.id.empty()) {
        throw text.invalid(first_line, "script has no revision id",
                           "Its header has no line \"Revision ID: ...\". " + known_keys(),
                           "Add \"Revision ID: \" and a name that no other script of the branch "
                           "has.");
    }
    return script;
}

}  // namespace

Header parse_header(const ScriptText& text) {
    const std::string_view view = text.view();
    std::size_t start = 0;
    Lexeme lexeme;
    if (!view.empty()) lexeme = lexeme_at(view, start);
    if (lexeme.kind == Lexeme::Kind::space && lexeme.end < view.size()) {
        start = lexeme.end;
        lexeme = lexeme_at(view, start);
    }
    const int line = text.line_at(start);
    if (lexeme.kind != Lexeme::Kind::block_comment) {
        throw text.invalid(line, "script has no header",
                           "A script begins with a comment that says which revision it is.",
                           "Begin it with \"/*\", a message, the lines \"Revision ID: ...\" and "
                           "\"Revises: ...\", and \"*/\".");
    }
    if (!lexeme.terminated) {
        throw text.invalid(line, "header of the script is not closed",
                           "The comment that begins here does not end.",
                           "End the header with \"*/\".");
    }
    constexpr std::size_t delimiter = 2;
    const std::string_view comment =
        view.substr(start + delimiter, lexeme.end - start - 2 * delimiter);
    return {parse_comment(text, comment, line), lexeme.end};
}

}  // namespace mad
